"""One worker, chosen at the top of the board."""

from deploy.grafana.panels import (
    RATE,
    Board,
    Query,
    Variable,
    figure,
    lines,
    quantile,
    quantiles,
    rate,
)

# The worker that is chosen.
_ONE = 'instance=~"$worker"'

BOARD = Board(
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
