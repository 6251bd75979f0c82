"""Writes the four boards of Grafana into dashboards/: python deploy/grafana/boards.py"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from viralclip.telemetry.thresholds import SERVICE_LEVELS

FOLDER = Path(__file__).with_name("dashboards")
SOURCE = {"type": "prometheus", "uid": "prometheus"}
RATE = "[$__rate_interval]"
_COLUMNS = 24
# What is chosen on the board of one worker.
_ONE = 'instance=~"$worker"'

Kind = Literal["timeseries", "stat"]
Unit = Literal["short", "s", "percentunit", "bytes", "Bps", "ops", "cps"]


@dataclass(frozen=True)
class Query:
    """What is asked, and what its lines are called; `{{label}}` is filled in."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One picture: `says` tells whoever looks at it what to make of it."""

    title: str
    says: str
    queries: tuple[Query, ...]
    unit: Unit = "short"
    kind: Kind = "timeseries"
    width: int = 8
    height: int = 7


@dataclass(frozen=True)
class Variable:
    """A choice at the top of the board: one or all of a label's values."""

    name: str
    label: str
    values_of: str


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    panels: tuple[Panel, ...]
    variable: Variable | None = None

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.uid}.json"


def figure(title: str, says: str, expr: str, unit: Unit = "short") -> Panel:
    """One number, and how it came to be."""
    return Panel(title, says, (Query(expr),), unit, "stat", width=4, height=4)


def lines(title: str, says: str, *queries: Query, unit: Unit = "short") -> Panel:
    return Panel(title, says, queries, unit)


def rate(counter: str, *, by: str = "", where: str = "") -> str:
    selector = f"{{{where}}}" if where else ""
    return f"sum{f' by ({by}) ' if by else ''}(rate({counter}{selector}{RATE}))"


def quantile(share: float, histogram: str, *, by: str = "", where: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', by=labels, where=where)})"


def quantiles(histogram: str, *shares: float, where: str = "") -> tuple[Query, ...]:
    return tuple(
        Query(quantile(share, histogram, where=where), f"{share:.0%} are below") for share in shares
    )


def within(histogram: str, limit: float, *, by: str = "", where: str = "") -> str:
    """The share of events that are no more than the limit, which is one of the buckets."""
    bound = f'le="{float(limit)}"'
    good = rate(f"{histogram}_bucket", by=by, where=f"{bound},{where}" if where else bound)
    return f"{good} / {rate(f'{histogram}_count', by=by, where=where)}"


def _budgets() -> Iterator[Query]:
    for level in SERVICE_LEVELS:
        own = f'{{service_level="{level.name}"}}'
        share = f"viralclip:bad_events:increase1h{own} / viralclip:events:increase1h{own}"
        yield Query(f"{share} / {level.budget:g}", "{{service_level}}")


FLEET = Board(
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

WORKER = Board(
    "viralclip-worker",
    "viralclip: one worker",
    (
        figure(
            "Begins clips",
            "1 while it begins new clips, 0 while it starts, leaves or has lost its place.",
            f"sum(viralclip_worker_accepting{{{_ONE}}})",
        ),
        figure(
            "Busy slots",
            "How many of its slots have a clip.",
            f'sum(viralclip_slots{{state="busy",{_ONE}}})',
        ),
        figure(
            "Events kept back",
            "Events that the progress channel has not taken yet. Normal is 0.",
            f"sum(viralclip_events_buffered{{{_ONE}}})",
        ),
        figure(
            "Free disk",
            "Where it has least room.",
            f"min(viralclip_disk_free_bytes{{{_ONE}}})",
            "bytes",
        ),
        figure(
            "Memory",
            "Of the process itself; FFmpegs are processes of their own.",
            f"sum(process_resident_memory_bytes{{{_ONE}}})",
            "bytes",
        ),
        figure(
            "CPU",
            "Cores that the process itself uses, without its FFmpegs.",
            f"sum(rate(process_cpu_seconds_total{{{_ONE}}}{RATE}))",
        ),
        lines(
            "Slots",
            "Busy and free.",
            Query(f"sum by (state) (viralclip_slots{{{_ONE}}})", "{{state}}"),
        ),
        lines(
            "Clips by style and how they ended",
            "Clips a second.",
            Query(
                rate("viralclip_clips_total", by="style, outcome", where=_ONE),
                "{{style}} {{outcome}}",
            ),
            unit="cps",
        ),
        lines(
            "Steps",
            "95% of each step take less than this. The one that rose is where the time goes.",
            Query(quantile(0.95, "viralclip_step_seconds", by="step", where=_ONE), "{{step}}"),
            unit="s",
        ),
        lines(
            "Rendering speed",
            "Seconds of clip per second of work, the median by style and encoder. Lower than last"
            " week with the same styles: the machine is busy or throttled.",
            Query(
                quantile(0.5, "viralclip_render_speed_ratio", by="style, encoder", where=_ONE),
                "{{style}} {{encoder}}",
            ),
        ),
        lines(
            "Waiting for a slot",
            "How long clips waited before this worker took them.",
            *quantiles("viralclip_slot_wait_seconds", 0.5, 0.95, where=_ONE),
            unit="s",
        ),
        lines(
            "Steps that are tried again",
            "render_stalled and analysis_stalled are disks that do not answer.",
            Query(rate("viralclip_retries_total", by="code", where=_ONE), "{{code}}"),
            unit="ops",
        ),
        lines(
            "Room",
            "Free bytes where its state folder is, and where clips are put.",
            Query(f"min by (place) (viralclip_disk_free_bytes{{{_ONE}}})", "{{place}}"),
            unit="bytes",
        ),
        lines(
            "Stored",
            "Bytes a second into the storage.",
            Query(rate("viralclip_upload_bytes_total", where=_ONE), "stored"),
            unit="Bps",
        ),
        lines(
            "Events",
            "Handed to the progress channel, and kept back because it did not take them.",
            Query(rate("viralclip_events_published_total", where=_ONE), "a second"),
            Query(f"sum(viralclip_events_buffered{{{_ONE}}})", "kept back"),
        ),
    ),
    Variable("worker", "Worker", "viralclip_worker_accepting"),
)

DELIVERY = Board(
    "viralclip-delivery",
    "viralclip: progress on its way to viewers",
    (
        figure(
            "Within a second",
            "The share of events that viewers were sent within a second. The service level is 99%.",
            within("viralclip_progress_lag_seconds", 1),
            "percentunit",
        ),
        figure("Live views", "By all transports.", "sum(viralclip_viewers)"),
        figure(
            "Events kept back",
            "In all workers. More than a few for minutes: the channel takes nothing.",
            "sum(viralclip_events_buffered)",
        ),
        figure(
            "Events lost",
            "Since the workers started. Anything but 0 is the alert EventsLost.",
            "sum(viralclip_events_lost_total)",
        ),
        figure(
            "Events a second",
            "Handed to the progress channel.",
            rate("viralclip_events_published_total"),
            "ops",
        ),
        figure(
            "Resets a second",
            "Viewers that got the whole progress anew.",
            rate("viralclip_resets_total"),
            "ops",
        ),
        lines(
            "From happened to sent",
            "How long an event is on its way from a worker to a viewer. Clocks of machines that"
            " differ are in it.",
            *quantiles("viralclip_progress_lag_seconds", 0.5, 0.99),
            unit="s",
        ),
        lines(
            "Live views by transport",
            "Pages use WebSocket and fall back to event streams behind some proxies.",
            Query("sum by (transport) (viralclip_viewers)", "{{transport}}"),
        ),
        lines(
            "Resets by transport",
            "A rise: viewers were away for longer than events are kept, or too slow.",
            Query(rate("viralclip_resets_total", by="transport"), "{{transport}}"),
            unit="ops",
        ),
        lines(
            "Events by process",
            "Handed to the progress channel.",
            Query(rate("viralclip_events_published_total", by="instance"), "{{instance}}"),
            unit="ops",
        ),
        lines(
            "Kept back by process",
            "A line that rises is a worker that is cut off from the channel.",
            Query("max by (instance) (viralclip_events_buffered)", "{{instance}}"),
        ),
        lines(
            "Ticks replaced",
            "Ticks that a later one replaced before it was sent: normal, and more when many look.",
            Query(rate("viralclip_ticks_conflated_total"), "a second"),
            unit="ops",
        ),
        lines(
            "Webhooks",
            "Calls by what became of them.",
            Query(rate("viralclip_webhook_deliveries_total", by="outcome"), "{{outcome}}"),
            unit="ops",
        ),
        lines(
            "Redis",
            "Memory that is used. At its limit it refuses events, and workers keep them.",
            Query("redis_memory_used_bytes", "used"),
            Query("redis_memory_max_bytes", "limit"),
            unit="bytes",
        ),
        lines(
            "Commands of Redis",
            "A second.",
            Query(rate("redis_commands_processed_total"), "commands"),
            unit="ops",
        ),
    ),
)

TIME_LEFT = Board(
    "viralclip-time-left",
    "viralclip: time left and anomalies",
    (
        figure(
            "Right at a quarter",
            "The share of jobs that end within 20% of what was shown at their first quarter. The"
            " service level is 90%.",
            within("viralclip_time_left_error_ratio", 0.2, where='at="quarter"'),
            "percentunit",
        ),
        figure(
            "Median error at a quarter",
            "As a share of the time that was left.",
            quantile(0.5, "viralclip_time_left_error_ratio", where='at="quarter"'),
            "percentunit",
        ),
        figure(
            "Anomalies a second",
            "Clips that take far longer than clips like them.",
            rate("viralclip_anomalies_total"),
            "ops",
        ),
        lines(
            "Error of the time left",
            "The median, by how far the job was. It falls as a job goes on; a rise at all three is"
            " a machine that changed.",
            Query(quantile(0.5, "viralclip_time_left_error_ratio", by="at"), "{{at}}"),
            unit="percentunit",
        ),
        lines(
            "Ends within 20% of what was shown",
            "By how far the job was.",
            Query(within("viralclip_time_left_error_ratio", 0.2, by="at"), "{{at}}"),
            unit="percentunit",
        ),
        lines(
            "Anomalies by step",
            "Where clips stood when they were found too slow.",
            Query(rate("viralclip_anomalies_total", by="step"), "{{step}}"),
            unit="ops",
        ),
        lines(
            "Anomalies by worker",
            "One worker alone: its machine. All of them: what they share.",
            Query(rate("viralclip_anomalies_total", by="instance"), "{{instance}}"),
            unit="ops",
        ),
        lines(
            "Rendering speed by style",
            "Seconds of clip per second of work, the median.",
            Query(quantile(0.5, "viralclip_render_speed_ratio", by="style"), "{{style}}"),
        ),
        lines(
            "Rendering speed by worker",
            "A line that leaves the others is a machine that became slow.",
            Query(quantile(0.5, "viralclip_render_speed_ratio", by="instance"), "{{instance}}"),
        ),
        lines(
            "Steps",
            "The median of each.",
            Query(quantile(0.5, "viralclip_step_seconds", by="step"), "{{step}}"),
            unit="s",
        ),
        lines(
            "How long a clip takes",
            "A gap that opens between the two lines is what anomalies are made of.",
            *quantiles("viralclip_clip_seconds", 0.5, 0.99),
            unit="s",
        ),
    ),
)

BOARDS = (FLEET, WORKER, DELIVERY, TIME_LEFT)


def as_json(board: Board) -> str:
    about: dict[str, Any] = {
        "uid": board.uid,
        "title": board.title,
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "tags": ["viralclip"],
        "links": [{"type": "dashboards", "tags": ["viralclip"], "title": "Boards"}],
        "templating": {"list": [_choice(board.variable)] if board.variable else []},
        "panels": list(_laid_out(board.panels)),
    }
    return json.dumps(about, indent=1, ensure_ascii=False) + "\n"


def _choice(variable: Variable) -> dict[str, Any]:
    values = f"label_values({variable.values_of}, instance)"
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": values, "refId": "A"},
        "definition": values,
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _laid_out(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    """Panels from left to right; a row is as high as its panels."""
    x = y = 0
    row = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > _COLUMNS or (x and panel.height != row):
            x, y = 0, y + row
        row = panel.height
        yield _panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": panel.height})
        x += panel.width


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.kind == "timeseries":
        defaults["custom"] = {"fillOpacity": 10, "showPoints": "never", "spanNulls": True}
    return {
        "id": number,
        "title": panel.title,
        "description": panel.says,
        "type": panel.kind,
        "gridPos": place,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel.kind),
        "targets": [
            {
                "refId": letter,
                "datasource": SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "exemplar": panel.kind == "timeseries" and "histogram_quantile" in query.expr,
            }
            for letter, query in zip("ABCDEFGH", panel.queries, strict=False)
        ],
    }


def _options(kind: Kind) -> dict[str, Any]:
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area"}
    return {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for board in BOARDS:
        board.path.write_text(as_json(board), encoding="utf-8")


if __name__ == "__main__":
    write()
