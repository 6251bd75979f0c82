"""The time left, and what becomes slow."""

from deploy.grafana.panels import Board, Query, figure, lines, quantile, quantiles, rate, within

BOARD = Board(
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
