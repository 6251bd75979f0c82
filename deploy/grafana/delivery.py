"""Progress on its way to viewers."""

from deploy.grafana.panels import Board, Query, figure, lines, quantiles, rate, within

BOARD = Board(
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
