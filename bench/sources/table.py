"""The sources as a table of Markdown."""

from collections.abc import Callable, Iterable

from bench.sources.judge import Judgement
from bench.sources.runs import Run

_HEADS = ("source", "first", "last", "frames", "fps", "A/V ms", "colour", "level dB", "verdict")


def row(run: Run) -> str:
    return _line(_cells(run))


def markdown(rows: Iterable[str]) -> str:
    return "\n".join((_line(_HEADS), _line(("---",) * len(_HEADS)), *rows))


def rows_of(table: str) -> dict[str, str]:
    """The rows of a table by what their first cells say."""
    lines = table.strip().splitlines()[2:]
    return {line.split("|")[1].strip(): line for line in lines}


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(run: Run) -> tuple[str, ...]:
    clips = list(run.judgements.values())
    if not clips:
        return (run.kind.name, *[""] * (len(_HEADS) - 2), run.verdict)
    frames = sum(clip.frames for clip in clips)
    wrong = sum(clip.wrong for clip in clips)
    return (
        run.kind.name,
        _yes(clip.first for clip in clips),
        _yes(clip.last for clip in clips),
        f"{frames - wrong}/{sum(clip.wanted for clip in clips)}",
        f"{clips[0].rate:.4g}",
        _worst(clips, lambda clip: None if clip.offset is None else clip.offset * 1000, "{:+.0f}"),
        _worst(clips, lambda clip: clip.colour, "{:.0f}"),
        _worst(clips, lambda clip: clip.level, "{:+.1f}"),
        run.verdict,
    )


def _yes(claims: Iterable[bool]) -> str:
    return "yes" if all(claims) else "**no**"


def _worst(
    clips: Iterable[Judgement], figure: Callable[[Judgement], float | None], form: str
) -> str:
    values = [value for clip in clips if (value := figure(clip)) is not None]
    return form.format(max(values, key=abs)) if values else ""
