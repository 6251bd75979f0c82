"""Any number of channels to two, with the coefficients of ITU-R BS.775: 0 dB at the front, -3 dB
for the centre and the surrounds, no low-frequency effects.

FFmpeg's own way depends on the sample format: from integers it makes everything quieter until
nothing can clip (8 dB for 5.1), from floats it adds up and clips.
"""

from collections.abc import Sequence

_HALF_POWER = 0.7071
_FRONT_LEFT, _FRONT_RIGHT = frozenset({"FL", "DL", "BIL"}), frozenset({"FR", "DR", "BIR"})
# What a file that names no speakers has most likely: the order in which all formats store them.
_USUAL = {
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}


def to_stereo(channels: int, layout: Sequence[str]) -> str:
    """The `pan` filter for it; `layout` holds FFmpeg's channel names, or nothing if unknown.

    Mono goes to both sides as it is. What is on one side stays there. Of channels that nobody says
    a word about, beyond eight, each is heard in the middle.
    """
    if channels == 1:
        return "pan=stereo|c0=c0|c1=c0"
    if channels == 2:  # noqa: PLR2004 - stereo, whatever it is called
        return "pan=stereo|c0=c0|c1=c1"
    names = tuple(layout) or _USUAL.get(channels, ("?",) * channels)
    sides = [_sum(name_gains) for name_gains in zip(*map(_gains, names), strict=True)]
    return f"pan=stereo|c0={sides[0]}|c1={sides[1]}"


def _gains(name: str) -> tuple[float, float]:
    """How much of a channel goes to the left and to the right."""
    if name.startswith("LFE"):
        return 0.0, 0.0
    if name in _FRONT_LEFT:
        return 1.0, 0.0
    if name in _FRONT_RIGHT:
        return 0.0, 1.0
    side = name.rstrip("0123456789")
    if side.endswith("L") or side == "FLC":
        return _HALF_POWER, 0.0
    if side.endswith("R") or side == "FRC":
        return 0.0, _HALF_POWER
    both = _HALF_POWER if name in ("FC", "?") else 0.5
    return both, both


def _sum(gains: Sequence[float]) -> str:
    parts = [f"{gain:g}*c{place}" for place, gain in enumerate(gains) if gain]
    return "+".join(parts) or "0*c0"
