"""The work that is left of a job's clips, and the line that they wait in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from viralclip.workload import Workload

ClipKey = tuple[int, str]


@dataclass(frozen=True)
class ClipWorkload:
    """What a clip takes: its render, and before that what its scene's clips share: the analysis,
    and the transcription of its speech."""

    render: Workload
    analysis: Workload | None = None
    transcription: Workload | None = None


@dataclass(frozen=True)
class Line:
    """The slots that serve a job, and whose clips are made in them before its last one.

    `waiting` are the clips that wait, in the order they begin: those of other jobs, and None for
    each one of this job. `running` are the clips of others that are made now. Each machine has
    `slots_each` of the `slots`.
    """

    slots: int
    slots_each: int
    machine: str
    waiting: Sequence[ClipWorkload | None] = ()
    running: Sequence[ClipWorkload] = ()


@dataclass(frozen=True)
class Piece:
    """What is left of a clip: typical seconds alone on the machine, and what is not known of them.

    `noise` is the deviation of the clip's own logarithm; each of `doubts` moves it along with all
    clips that share the doubt.
    """

    name: str
    seconds: float
    noise: float
    doubts: Mapping[str, float]
    mine: bool = True
    begun: bool = False
