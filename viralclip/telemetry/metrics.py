"""Every metric of viralclip in one table.

Labels are few and bounded: names of styles, steps, codes and the like, never an id of a job, a clip
or a user.
"""

from typing import Literal

from viralclip.errors import known_codes
from viralclip.telemetry.instruments import Counter, Gauge, Histogram, Metric, Role

ClipOutcome = Literal["complete", "kept", "failed", "cancelled"]
Transport = Literal["websocket", "sse", "poll"]
DeliveryOutcome = Literal["delivered", "postponed", "given_up"]
QueueState = Literal["waiting", "running"]
SlotState = Literal["busy", "free"]
Share = Literal["quarter", "half", "three_quarters"]
Place = Literal["state", "clips"]

# What a code is called that no error of this package has.
OTHER = "other"


def _unlabelled() -> tuple[str, ...]:
    return ()


def _of_clip(*, style: str, outcome: ClipOutcome, code: str = "") -> tuple[str, ...]:
    return style, outcome, _known(code)


def _of_code(*, code: str) -> tuple[str, ...]:
    return (_known(code),)


def _of_step(*, step: str) -> tuple[str, ...]:
    return (step,)


def _of_step_and_style(*, step: str, style: str) -> tuple[str, ...]:
    return step, style


def _of_render(*, style: str, preset: str, encoder: str) -> tuple[str, ...]:
    return style, preset, encoder


def _of_priority(*, priority: str) -> tuple[str, ...]:
    return (priority,)


def _of_slots(*, state: SlotState) -> tuple[str, ...]:
    return (state,)


def _of_queue(*, state: QueueState) -> tuple[str, ...]:
    return (state,)


def _of_transport(*, transport: Transport) -> tuple[str, ...]:
    return (transport,)


def _of_share(*, at: Share) -> tuple[str, ...]:
    return (at,)


def _of_place(*, place: Place) -> tuple[str, ...]:
    return (place,)


def _of_delivery(*, outcome: DeliveryOutcome) -> tuple[str, ...]:
    return (outcome,)


def _of_request(*, route: str, code: int) -> tuple[str, ...]:
    return route, f"{code // 100}xx"


def _of_build(*, version: str) -> tuple[str, ...]:
    return (version,)


def _known(code: str) -> str:
    """The code if it is one of ours: an extension may make up any number of them."""
    return code if not code or code in known_codes() else OTHER


_SERVER: frozenset[Role] = frozenset({"server"})
_WORKER: frozenset[Role] = frozenset({"worker"})
_BOTH: frozenset[Role] = _SERVER | _WORKER

CLIPS = Counter(
    name="viralclip_clips_total",
    help=(
        "Clips that ended, each counted once. The outcome kept is a clip that was there already;"
        " the code says why a clip failed and is empty otherwise."
    ),
    labels_of=_of_clip,
    roles=_WORKER,
)
RETRIES = Counter(
    name="viralclip_retries_total",
    help="Steps of clips that failed and are tried again, by the code of the error.",
    labels_of=_of_code,
    roles=_WORKER,
)
TAKEOVERS = Counter(
    name="viralclip_takeovers_total",
    help="Workers that died or left with work undone, which this one queued again.",
    labels_of=_unlabelled,
    roles=_WORKER,
)
STEP_SECONDS = Histogram(
    name="viralclip_step_seconds",
    help="Seconds that a step of a clip took when it went well, without the waits between tries.",
    labels_of=_of_step_and_style,
    roles=_WORKER,
    buckets=(0.1, 1, 5, 20, 60, 300, 1200),
    traced=True,
)
CLIP_SECONDS = Histogram(
    name="viralclip_clip_seconds",
    help="Seconds from when a clip got its slot until it was complete; kept clips are not counted.",
    labels_of=_unlabelled,
    roles=_WORKER,
    buckets=(0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600),
    traced=True,
)
SCENE_SECONDS = Histogram(
    name="viralclip_scene_seconds",
    help="Seconds from when a scene was begun until all its clips had ended.",
    labels_of=_unlabelled,
    roles=_WORKER,
    buckets=(1, 5, 15, 60, 180, 600, 1800, 3600, 10800),
)
JOB_SECONDS = Histogram(
    name="viralclip_job_seconds",
    help="Seconds from when a run of a job was accepted until it had ended.",
    labels_of=_unlabelled,
    roles=_WORKER,
    buckets=(1, 5, 15, 60, 180, 600, 1800, 3600, 10800, 43200),
)
SCHEDULE_TO_START_SECONDS = Histogram(
    name="viralclip_schedule_to_start_seconds",
    help="Seconds from when a run of a job was accepted until the first of its clips began.",
    labels_of=_of_priority,
    roles=_WORKER,
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600),
)
RENDER_SPEED_RATIO = Histogram(
    name="viralclip_render_speed_ratio",
    help="Seconds of clip rendered per second of FFmpeg's work: 2 is twice as fast as it plays.",
    labels_of=_of_render,
    roles=_WORKER,
    buckets=(0.25, 0.5, 1, 2, 4, 8),
)
SLOTS = Gauge(
    name="viralclip_slots",
    help="Clips that this worker makes at once: slots that are busy, and slots that are free.",
    labels_of=_of_slots,
    roles=_WORKER,
)
SLOT_WAIT_SECONDS = Histogram(
    name="viralclip_slot_wait_seconds",
    help="Seconds that a clip waited in the queue until it got a slot.",
    labels_of=_unlabelled,
    roles=_WORKER,
    buckets=(0.5, 1, 5, 15, 60, 300, 900, 3600, 14400),
)
WORKER_ACCEPTING = Gauge(
    name="viralclip_worker_accepting",
    help="1 while the worker begins new clips, 0 while it starts, leaves, has lost its place or "
    "has no room on a disk.",
    labels_of=_unlabelled,
    roles=_WORKER,
)
QUEUE_CLIPS = Gauge(
    name="viralclip_queue_clips",
    help=(
        "Clips in the queue of all workers, asked of the database by whoever is scraped: combine"
        " with max, never with sum. Absent while the database does not answer."
    ),
    labels_of=_of_queue,
    roles=_BOTH,
)
QUEUE_OLDEST_SECONDS = Gauge(
    name="viralclip_queue_oldest_seconds",
    help=(
        "For how long the clip that waits longest has been in the queue; 0 if none waits. Combine"
        " with max. NaN while the database does not answer."
    ),
    labels_of=_unlabelled,
    roles=_BOTH,
)
EVENTS_PUBLISHED = Counter(
    name="viralclip_events_published_total",
    help="Events that were handed to the progress channel.",
    labels_of=_unlabelled,
    roles=_BOTH,
)
EVENTS_BUFFERED = Gauge(
    name="viralclip_events_buffered",
    help="Events that wait in this worker for the progress channel to take them.",
    labels_of=_unlabelled,
    roles=_WORKER,
)
EVENTS_LOST = Counter(
    name="viralclip_events_lost_total",
    help="Events that the progress channel never got.",
    labels_of=_unlabelled,
    roles=_WORKER,
)
TICKS_CONFLATED = Counter(
    name="viralclip_ticks_conflated_total",
    help="Ticks that were replaced by a later one before they were handed to the progress channel.",
    labels_of=_unlabelled,
    roles=_WORKER,
)
RESETS = Counter(
    name="viralclip_resets_total",
    help="Viewers that got the whole progress anew, as the events they missed are not kept.",
    labels_of=_of_transport,
    roles=_SERVER,
    from_start=(("websocket",), ("sse",), ("poll",)),
)
VIEWERS = Gauge(
    name="viralclip_viewers",
    help="Live views that are open.",
    labels_of=_of_transport,
    roles=_SERVER,
    from_start=(("websocket",), ("sse",)),
)
PROGRESS_LAG_SECONDS = Histogram(
    name="viralclip_progress_lag_seconds",
    help=(
        "Seconds from when something happened to a job until a live viewer was sent the event; of"
        " events that are sent together, the oldest. What a viewer catches up on is not counted."
    ),
    labels_of=_unlabelled,
    roles=_SERVER,
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
)
TIME_LEFT_ERROR_RATIO = Histogram(
    name="viralclip_time_left_error_ratio",
    help=(
        "How far the time left that was shown at a quarter, half and three quarters of a job was"
        " from the time that was left, as a share of that."
    ),
    labels_of=_of_share,
    roles=_WORKER,
    buckets=(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 1, 2),
)
ANOMALIES = Counter(
    name="viralclip_anomalies_total",
    help="Clips that take far longer than clips like them take here, by the step they were at.",
    labels_of=_of_step,
    roles=_WORKER,
)
UPLOAD_BYTES = Counter(
    name="viralclip_upload_bytes_total",
    help="Bytes of clips, thumbnails and videos that were put into the storage.",
    labels_of=_unlabelled,
    roles=_BOTH,
)
DISK_FREE_BYTES = Gauge(
    name="viralclip_disk_free_bytes",
    help=(
        "Bytes that may still be written where the state folder is, and where clips are put if"
        " that is a folder of this machine."
    ),
    labels_of=_of_place,
    roles=_BOTH,
)
WEBHOOK_DELIVERIES = Counter(
    name="viralclip_webhook_deliveries_total",
    help="Calls of webhooks: delivered, postponed to a later try, or given up.",
    labels_of=_of_delivery,
    roles=_SERVER,
    from_start=(("delivered",), ("postponed",), ("given_up",)),
)
HTTP_REQUEST_SECONDS = Histogram(
    name="viralclip_http_request_seconds",
    help="Seconds until a request was answered, by route and class of status; not live views.",
    labels_of=_of_request,
    roles=_SERVER,
    buckets=(0.05, 0.25, 1, 5),
)
BUILD_INFO = Gauge(
    name="viralclip_build_info",
    help="Always 1; its labels say what runs.",
    labels_of=_of_build,
    roles=_BOTH,
)

TABLE: tuple[Metric[...], ...] = (
    CLIPS,
    RETRIES,
    TAKEOVERS,
    STEP_SECONDS,
    CLIP_SECONDS,
    SCENE_SECONDS,
    JOB_SECONDS,
    SCHEDULE_TO_START_SECONDS,
    RENDER_SPEED_RATIO,
    SLOTS,
    SLOT_WAIT_SECONDS,
    WORKER_ACCEPTING,
    QUEUE_CLIPS,
    QUEUE_OLDEST_SECONDS,
    EVENTS_PUBLISHED,
    EVENTS_BUFFERED,
    EVENTS_LOST,
    TICKS_CONFLATED,
    RESETS,
    VIEWERS,
    PROGRESS_LAG_SECONDS,
    TIME_LEFT_ERROR_RATIO,
    ANOMALIES,
    UPLOAD_BYTES,
    DISK_FREE_BYTES,
    WEBHOOK_DELIVERIES,
    HTTP_REQUEST_SECONDS,
    BUILD_INFO,
)
