"""What an alert says: what happened, and what to do next. The runbook has the rest."""

from dataclasses import dataclass

RUNBOOKS = "https://github.com/viralclip/viralclip/blob/main/docs/how-to/operate.md"


@dataclass(frozen=True)
class Words:
    """A sentence on what happened, and sentences on what to do next."""

    summary: str
    description: str


WORDS = {
    "ClipsFail": Words(
        "More clips fail than may.",
        "See what they fail of with `viralclip logs errors --since 1h`. Bad sources are not counted"
        " here, so the cause is on our side.",
    ),
    "JobsBeginLate": Words(
        "Jobs begin later than a minute after they were accepted, although slots are free.",
        "Run `viralclip doctor` on a worker: the database may be slow or far away.",
    ),
    "ProgressArrivesLate": Words(
        "Viewers see progress more than a second late.",
        "Run `viralclip doctor` on a server and see how long the channel takes to answer.",
    ),
    "TimeLeftIsWrong": Words(
        "The time left that is shown is wrong for many jobs.",
        "See on the board whether one machine or one style is slower than it was.",
    ),
    "NoWorker": Words(
        "Clips wait and no worker takes any.",
        "Start a worker with `viralclip worker`, or see in the log why those there are not ready.",
    ),
    "SlotsStarved": Words(
        "Clips wait for long, and every slot is busy.",
        "Add workers. If nothing gets done at all, see what the slots are busy with.",
    ),
    "EventBufferGrows": Words(
        "A worker cannot hand its events on.",
        "See whether the progress channel answers with `viralclip doctor`. Clips are made all the"
        " same; viewers see them late.",
    ),
    "RendersStall": Words(
        "Several renders stood still and were ended.",
        "See on which worker with `viralclip logs errors --since 1h`. A disk or a network folder"
        " that does not answer is the usual cause.",
    ),
    "DiskNearlyFull": Words(
        "A disk is nearly full.",
        "See what takes the room with `viralclip doctor`, and free some with"
        " `viralclip prune --older 30d --dry-run`.",
    ),
    "AnomaliesFrequent": Words(
        "Many clips take far longer than clips like them.",
        "See on the board which step is slow, and with `viralclip logs slow` on which worker.",
    ),
    "PartIsDown": Words(
        "A part of the service does not answer.",
        "Run `viralclip doctor` and see which part is missing.",
    ),
    "NothingIsMeasured": Words(
        "No server and no worker can be asked for its metrics.",
        "See whether a server runs and whether Prometheus has the right token.",
    ),
    "RedisNearlyFull": Words(
        "Redis is nearly full and will soon refuse events.",
        "Give it more `maxmemory`. Workers keep their events until there is room.",
    ),
    "EventsLost": Words(
        "Events were lost: viewers may miss a step of a clip.",
        "See why with `viralclip logs errors --since 1h`. The clips themselves are not affected.",
    ),
}


def runbook_of(alert: str) -> str:
    """The address of the alert's heading in the runbooks."""
    return f"{RUNBOOKS}#{alert.lower()}"
