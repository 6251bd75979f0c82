"""Which key frames of H.264 show a whole picture only after some more frames."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import av
    from av.video.stream import VideoStream

_SLICE, _IDR, _SEI = 1, 5, 6
_RECOVERY_POINT = 6
_START = b"\0\0\1"
_AVCC = 1


def recovers_at_once(packet: "av.Packet[Any]", stream: "VideoStream") -> bool:
    """False for a key frame that intra refresh makes whole bit by bit (ISO 14496-10, D.1.8).

    FFmpeg calls every recovery point a key frame, also one that takes seconds to recover from.
    """
    if stream.codec_context.name != "h264":
        return True
    header = stream.codec_context.extradata or b""
    for unit in _units(bytes(packet), header):
        kind = unit[0] & 31
        if kind in (_SLICE, _IDR):
            return True
        frames = _recovery_frames(unit[1:].replace(b"\0\0\3", b"\0\0")) if kind == _SEI else None
        if frames is not None:
            return frames == 0
    return True


def _units(data: bytes, header: bytes) -> Iterator[bytes]:
    """NAL units, behind their lengths as in MP4 or behind start codes as in a transport stream."""
    if not header or header[0] != _AVCC:
        yield from (unit for unit in data.split(_START)[1:] if unit)
        return
    width, at = (header[4] & 3) + 1, 0
    while at + width < len(data):
        size = int.from_bytes(data[at : at + width])
        yield data[at + width : at + width + max(1, size)]
        at += width + size


def _recovery_frames(payloads: bytes) -> int | None:
    """The recovery_frame_cnt of a recovery point among these SEI messages."""
    at = 0
    while at + 2 < len(payloads):
        kind, at = _number(payloads, at)
        size, at = _number(payloads, at)
        if kind == _RECOVERY_POINT:
            return _exp_golomb(payloads[at : at + size])
        at += size
    return None


def _number(payloads: bytes, at: int) -> tuple[int, int]:
    total = 0
    while at < len(payloads) and payloads[at] == 255:  # noqa: PLR2004 - and more follows
        total, at = total + 255, at + 1
    return total + (payloads[at] if at < len(payloads) else 0), at + 1


def _exp_golomb(data: bytes) -> int:
    bits = "".join(f"{byte:08b}" for byte in data)
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1] or "1", 2) - 1
