"""Writes rules.yaml from the thresholds of the package: python deploy/prometheus/rules.py"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from viralclip.telemetry import thresholds as t
from viralclip.telemetry.alert_words import WORDS, runbook_of
from viralclip.telemetry.thresholds import (
    BURNS,
    SERVICE_LEVELS,
    Burn,
    Limit,
    ServiceLevel,
    Severity,
)

RULES = Path(__file__).with_name("rules.yaml")
# The same for the Prometheus operator.
OBJECT = Path(__file__).parent.parent / "kubernetes" / "rules.yaml"
HEAD = (
    "# Written by deploy/prometheus/rules.py from viralclip/telemetry/thresholds.py;"
    " `make generated` writes it anew.\n"
)

# Which board of Grafana shows what an alert is about.
BOARDS = {
    "ProgressArrivesLate": "viralclip-delivery",
    "EventBufferGrows": "viralclip-delivery",
    "EventsLost": "viralclip-delivery",
    "RedisNearlyFull": "viralclip-delivery",
    "TimeLeftIsWrong": "viralclip-time-left",
    "AnomaliesFrequent": "viralclip-time-left",
    "DiskNearlyFull": "viralclip-worker",
    "RendersStall": "viralclip-worker",
}
FLEET = "viralclip-fleet"

_ENDED = f'outcome=~"complete|failed",code!~"{t.BAD_SOURCE}.*"'
_FAILED = f'outcome="failed",code!~"{t.BAD_SOURCE}.*"'
_STALLED = f'code=~"{"|".join(t.STALLS)}"'
# What is counted for each service level: every event, and the good ones where bad are the rest.
_EVENTS = {
    t.CLIPS_COMPLETE: f"viralclip_clips_total{{{_ENDED}}}",
    t.JOBS_BEGIN: "viralclip_schedule_to_start_seconds_count",
    t.PROGRESS_ARRIVES: "viralclip_progress_lag_seconds_count",
    t.TIME_LEFT_HOLDS: 'viralclip_time_left_error_ratio_count{at="quarter"}',
}
_GOOD = {
    t.JOBS_BEGIN: (
        f'viralclip_schedule_to_start_seconds_bucket{{le="{float(t.JOBS_BEGIN.within)}"}}'
    ),
    t.PROGRESS_ARRIVES: (
        f'viralclip_progress_lag_seconds_bucket{{le="{float(t.PROGRESS_ARRIVES.within)}"}}'
    ),
    t.TIME_LEFT_HOLDS: (
        'viralclip_time_left_error_ratio_bucket{at="quarter",'
        f'le="{float(t.TIME_LEFT_HOLDS.within)}"}}'
    ),
}


def duration(seconds: int) -> str:
    """As Prometheus writes it: 5m, 6h, 1d."""
    for unit, size in (("d", t.DAY_S), ("h", t.HOUR_S), ("m", t.MINUTE_S)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def counted(selector: str, window_s: int) -> str:
    """How many events a counter counted within the window.

    A label that is seen for the first time begins at its first event, which `increase` never saw:
    what was not there when the window began is counted as it stands.
    """
    window = duration(window_s)
    return (
        f"(sum((increase({selector}[{window}]) and {selector} offset {window})\n"
        f"  or last_over_time({selector}[{window}])) or vector(0))"
    )


def bad(level: ServiceLevel, window_s: int) -> str:
    if level is t.CLIPS_COMPLETE:
        return counted(f"viralclip_clips_total{{{_FAILED}}}", window_s)
    events, good = counted(_EVENTS[level], window_s), counted(_GOOD[level], window_s)
    return f"{events}\n- {good}"


def recorded() -> Iterator[dict[str, Any]]:
    """Events of every service level, and bad ones, over every window that an alert looks at."""
    windows = sorted({window for burn in BURNS for window in (burn.long_s, burn.short_s)})
    for window_s in windows:
        for level in SERVICE_LEVELS:
            labels = {"service_level": level.name}
            name = f"increase{duration(window_s)}"
            events = counted(_EVENTS[level], window_s)
            yield {"record": f"viralclip:events:{name}", "expr": events, "labels": labels}
            wrong = bad(level, window_s)
            yield {"record": f"viralclip:bad_events:{name}", "expr": wrong, "labels": labels}
    yield {
        "record": "viralclip:slots_busy:ratio",
        "expr": 'sum(viralclip_slots{state="busy"}) / (sum(viralclip_slots) > 0)',
    }


def burning(level: ServiceLevel, burn: Burn) -> dict[str, Any]:
    """The budget is used up too fast over the long window, and still over the short one."""
    own = f'{{service_level="{level.name}"}}'
    share = round(burn.factor * level.budget, 6)
    long, short = duration(burn.long_s), duration(burn.short_s)
    conditions = [
        f"viralclip:bad_events:increase{window}{own}"
        f" > {share:g} * viralclip:events:increase{window}{own}"
        for window in (long, short)
    ]
    conditions.append(f"viralclip:bad_events:increase{long}{own} >= {t.LEAST_BAD_EVENTS}")
    if level is t.JOBS_BEGIN:
        # Who waits while all slots are busy waits for a slot: that is SlotsStarved.
        full = "max_over_time(viralclip:slots_busy:ratio[10m])"
        conditions.append(f"on () {full} < {t.FULL_SLOTS:g}")
    return alert(
        level.alert,
        burn.severity,
        "\nand ".join(conditions),
        labels={"window": long},
        so_far=f"{{{{ $value | printf `%.0f` }}}} in the last {long}. ",
    )


def alert(
    name: str,
    severity: Severity,
    expr: str,
    *,
    for_s: int = 0,
    labels: dict[str, str] | None = None,
    so_far: str = "",
) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expr,
        **({"for": duration(for_s)} if for_s else {}),
        "keep_firing_for": duration(t.KEEP_FIRING_S),
        "labels": {"severity": severity, **(labels or {})},
        "annotations": {
            "summary": WORDS[name].summary,
            "description": so_far + WORDS[name].description,
            "runbook_url": runbook_of(name),
            "dashboard": f"{{{{ $externalLabels.grafana }}}}/d/{BOARDS.get(name, FLEET)}",
        },
    }


def beyond(limit: Limit, expr: str, *, so_far: str) -> dict[str, Any]:
    return alert(limit.alert, limit.severity, expr, for_s=limit.for_s, so_far=so_far)


def limits() -> Iterator[dict[str, Any]]:
    yield beyond(
        t.NO_WORKER,
        f'max(viralclip_queue_clips{{state="waiting"}}) >= {t.NO_WORKER.least:g}\n'
        "unless sum(viralclip_worker_accepting) > 0",
        so_far="{{ $value }} clips wait. ",
    )
    yield beyond(
        t.SLOTS_STARVED,
        f"max(viralclip_queue_oldest_seconds) >= {t.SLOTS_STARVED.least:g}\n"
        f"and viralclip:slots_busy:ratio >= {t.FULL_SLOTS:g}",
        so_far="The oldest has waited for {{ $value | humanizeDuration }}. ",
    )
    yield beyond(
        t.BUFFER_GROWS,
        f"viralclip_events_buffered >= {t.BUFFER_GROWS.least:g}\n"
        f"and delta(viralclip_events_buffered[{duration(t.BUFFER_GROWS.for_s)}]) >= 0",
        so_far="{{ $value }} events wait in {{ $labels.instance }}. ",
    )
    window_s = t.RENDERS_STALL.window_s
    stalled = [
        counted(f"viralclip_{name}_total{{{_STALLED}}}", window_s) for name in ("retries", "clips")
    ]
    yield beyond(
        t.RENDERS_STALL,
        f"{stalled[0]}\n+ {stalled[1]}\n>= {t.RENDERS_STALL.least:g}",
        so_far=f"{{{{ $value | printf `%.0f` }}}} in the last {duration(window_s)}. ",
    )
    yield beyond(
        t.DISK_NEARLY_FULL,
        f"viralclip_disk_free_bytes <= {t.DISK_NEARLY_FULL.least:.0f}",
        so_far="{{ $value | humanize1024 }}B are free at {{ $labels.instance }}"
        " ({{ $labels.place }}). ",
    )
    window_s = t.ANOMALIES_FREQUENT.window_s
    anomalies = counted("viralclip_anomalies_total", window_s)
    clips = counted('viralclip_clips_total{outcome=~"complete|failed"}', window_s)
    yield beyond(
        t.ANOMALIES_FREQUENT,
        f"{anomalies}\n>= {t.ANOMALIES_FREQUENT.least:g} * {clips}\n"
        f"and {anomalies}\n>= {t.LEAST_BAD_EVENTS}",
        so_far=f"{{{{ $value | printf `%.0f` }}}} in the last {duration(window_s)}. ",
    )


def parts() -> Iterator[dict[str, Any]]:
    """What only whoever scrapes can know."""
    yield alert(
        "PartIsDown",
        "page",
        "up == 0",
        for_s=5 * t.MINUTE_S,
        so_far="{{ $labels.job }} at {{ $labels.instance }}. ",
    )
    yield alert("NothingIsMeasured", "page", "absent(viralclip_build_info)", for_s=10 * t.MINUTE_S)
    yield alert(
        "RedisNearlyFull",
        "page",
        "redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.9",
        for_s=5 * t.MINUTE_S,
        so_far="{{ $value | humanizePercentage }} are used. ",
    )
    yield alert(
        "EventsLost",
        "ticket",
        f"{counted('viralclip_events_lost_total', t.HOUR_S)}\n> 0",
        so_far="{{ $value | printf `%.0f` }} in the last hour. ",
    )


def groups() -> list[dict[str, Any]]:
    burns = [
        burning(level, burn)
        for level in SERVICE_LEVELS
        for burn in BURNS
        if t.can_burn(level, burn)
    ]
    return [
        {"name": "viralclip-windows", "interval": "30s", "rules": list(recorded())},
        {"name": "viralclip-service-levels", "interval": "30s", "rules": burns},
        {"name": "viralclip-limits", "rules": [*limits(), *parts()]},
    ]


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they stand, so that an expression can be read."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign] - nothing stands elsewhere


def rules() -> str:
    return HEAD + _dumped({"groups": groups()})


def rules_object() -> str:
    about: dict[str, Any] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "viralclip"},
        "spec": {"groups": groups()},
    }
    return HEAD + _dumped(about)


def _dumped(value: dict[str, Any]) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=100)


if __name__ == "__main__":
    RULES.write_text(rules(), encoding="utf-8")
    OBJECT.write_text(rules_object(), encoding="utf-8")
