"""The engine's queues as one process serves them: its slots and its pace are known to it alone."""

from dbos import DBOS, Queue

from viralclip.workflow_ref import QUEUES, Kind

# How often a worker looks for work: a clip waits for a slot, a job and its scenes for nobody.
POLL_S: dict[Kind, float] = {"job": 0.5, "scene": 0.5, "clip": 0.25}
EAGER_POLL_S = 0.03


class Queues:
    """Queues in the memory of this process; open them after the runtime is made, before it runs.

    A queue that is registered in the database belongs to all: the runtime reads its row again
    before every look, so that whoever registered last decided how many clips every worker makes.
    The runtime serves its own queues from memory, under their names; that is not part of its
    public interface, and `test_queues.py` says what we rely on.
    """

    def __init__(self, runtime: DBOS, *, slots: int) -> None:
        self._slots = slots
        self._queues: dict[Kind, Queue] = {
            kind: runtime._registry._register_internal_queue(  # noqa: SLF001 - see above
                name,
                worker_concurrency=slots if kind == "clip" else None,
                polling_interval_sec=POLL_S[kind],
            )
            for kind, name in QUEUES.items()
        }

    def look_eagerly(self) -> None:
        """Look for work at a pace that costs much of a core; for a while only."""
        self._pace(dict.fromkeys(POLL_S, EAGER_POLL_S))

    def look_evenly(self) -> None:
        self._pace(POLL_S)

    def take_clips(self, takes: bool) -> None:  # noqa: FBT001 - what a switch is given
        """Take as many clips as there are slots, or leave them in the queue."""
        slots = self._slots if takes else 0
        self._queues["clip"]._worker_concurrency = slots  # noqa: SLF001 - read before every look

    def _pace(self, poll_s: dict[Kind, float]) -> None:
        for kind, queue in self._queues.items():
            queue._polling_interval_sec = poll_s[kind]  # noqa: SLF001 - read before every look
