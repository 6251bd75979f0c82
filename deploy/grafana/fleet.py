"""The fleet at a glance."""

from collections.abc import Iterator

from deploy.grafana.panels import Board, Query, figure, lines, quantile, quantiles, rate
from viralclip.telemetry.thresholds import SERVICE_LEVELS


def _budgets() -> Iterator[Query]:
    for level in SERVICE_LEVELS:
        own = f'{{service_level="{level.name}"}}'
        share = f"viralclip:bad_events:increase1h{own} / viralclip:events:increase1h{own}"
        yield Query(f"{share} / {level.budget:g}", "{{service_level}}")


BOARD = Board(
    "viralclip-fleet",
    "viralclip: the fleet at a glance",
    (
        figure(
            "Workers",
            "Workers that begin new clips. 0 while clips wait is the alert NoWorker.",
            "sum(viralclip_worker_accepting)",
        ),
        figure(
            "Busy slots",
            "The share of slots in which a clip is made. At 100% for long: add workers.",
            'sum(viralclip_slots{state="busy"}) / sum(viralclip_slots)',
            "percentunit",
        ),
        figure(
            "Clips waiting",
            "Clips in the queue that have no slot yet.",
            'max(viralclip_queue_clips{state="waiting"})',
        ),
        figure(
            "The oldest waits",
            "For how long the clip that waits longest has been in the queue.",
            "max(viralclip_queue_oldest_seconds)",
            "s",
        ),
        figure(
            "Live views",
            "Viewers that follow a job over WebSocket or an event stream.",
            "sum(viralclip_viewers)",
        ),
        figure(
            "Least free disk",
            "Of all machines and places. Below 2 GiB is the alert DiskNearlyFull.",
            "min(viralclip_disk_free_bytes)",
            "bytes",
        ),
        lines(
            "Clips by how they ended",
            "Clips a second. `kept` was there already from an earlier run.",
            Query(rate("viralclip_clips_total", by="outcome"), "{{outcome}}"),
            unit="cps",
        ),
        lines(
            "Why clips fail",
            "Failed clips by code. Codes that begin with source_ are the video's own fault and"
            " count towards no service level.",
            Query(rate("viralclip_clips_total", by="code", where='outcome="failed"'), "{{code}}"),
            unit="cps",
        ),
        lines(
            "Budgets of the service levels",
            "How many times faster than allowed the error budget was used in the last hour: 1 uses"
            " it up in 30 days, 14.4 calls somebody.",
            *_budgets(),
        ),
        lines(
            "The queue",
            "Clips that wait and clips that have a slot.",
            Query("max by (state) (viralclip_queue_clips)", "{{state}}"),
        ),
        lines(
            "Slots",
            "All workers' slots.",
            Query("sum by (state) (viralclip_slots)", "{{state}}"),
        ),
        lines(
            "From accepted to begun",
            "95% of jobs begin sooner than this. The service level is 60 s while slots are free.",
            Query(
                quantile(0.95, "viralclip_schedule_to_start_seconds", by="priority"),
                "{{priority}}",
            ),
            unit="s",
        ),
        lines(
            "How long a job takes",
            "From accepted to ended.",
            *quantiles("viralclip_job_seconds", 0.5, 0.95),
            unit="s",
        ),
        lines(
            "How long a scene takes",
            "From begun to the end of its last clip.",
            *quantiles("viralclip_scene_seconds", 0.5, 0.95),
            unit="s",
        ),
        lines(
            "How long a clip takes",
            "From when it got its slot. Each point may lead to a trace.",
            *quantiles("viralclip_clip_seconds", 0.5, 0.95),
            unit="s",
        ),
        lines(
            "Steps that are tried again",
            "By the code of the error. Some are normal; a rise says which part is troubled.",
            Query(rate("viralclip_retries_total", by="code"), "{{code}}"),
            unit="ops",
        ),
        lines(
            "Workers that were taken over",
            "Workers that died or left with work undone.",
            Query(rate("viralclip_takeovers_total"), "takeovers"),
            unit="ops",
        ),
        lines(
            "Answers of the API",
            "95% are sooner than this, by the class of their status.",
            Query(quantile(0.95, "viralclip_http_request_seconds", by="code"), "{{code}}"),
            unit="s",
        ),
        lines(
            "Versions",
            "How many processes run which version: two during an upgrade, one afterwards.",
            Query("count by (version) (viralclip_build_info)", "{{version}}"),
        ),
    ),
)
