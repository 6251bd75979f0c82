"""What is larger than the rules of the house allow, each with its reason: the only such list."""

from collections.abc import Mapping

# Files of more than 300 lines.
LONG: Mapping[str, str] = {
    "viralclip/errors.py": "the tree of errors is read as one: which are there, and what each ends",
    "viralclip/events.py": "the vocabulary of the wire, a class for each fact and one closed union",
    "viralclip/telemetry/metrics.py": "one table of every metric: its words, labels and buckets",
    "viralclip/progress.py": "one fold: what each event does to the progress stands side by side",
}

# Ports of more than 8 methods, and values of more than 8 fields.
WIDE: Mapping[str, str] = {
    "Symbols": "a sign each, in a table for each set of characters; no two are passed on together",
    "Figures": "one field for each metric that alerts read; what one alert reads together is spread"
    " over the queue, the slots and the clips, so that groups by origin would fit none",
    "Span": "the fields of an OpenTelemetry span, by its names",
    "_Edit": "the columns of a line of an edit decision list, in their order",
    "Overview": "the columns of a row in a list of jobs, flat as the API and the CLI write them",
}

# Names that were replaced, each by the word that a stranger would search for: they stay away.
REPLACED: Mapping[str, str] = {
    "Company": "ExclusiveGate",
    "Succession": "Takeover",
    "inherit": "requeue_work_of",
    "bury": "remove_lock",
    "forget_the_long_dead": "remove_stale_locks",
    "advisory": "postgres_roster",
    "Tempo": "HeartbeatTiming",
    "_Pulse": "Heartbeat",
    "_believed_until": "lease_valid_until",
    "Settled": "Completions",
    "leftovers": "cleanup",
    "keep_clear": "remove_finished_work",
    "leash": "die_with_parent",
    "Subject": "AnalysisInput",
    "Wish": "FramingRequest",
    "surroundings": "environment",
    "_Teller": "ProgressWriter",
    "_Eye": "SceneAnalyzer",
    "Sighting": "DetectionSummary",
    "Meter": "ProgressParser",
    "hold_little_memory": "limit_malloc_arenas",
    "give_memory_back": "trim_heap",
    "Arrivals": "PartialUploads",
    "Arrival": "PartialUpload",
    "_taken_in": "_finalize",
    "_put_away": "_store",
    "courier": "webhook_delivery",
    "note_end": "enqueue_deliveries",
    "_see_to": "_process",
    "unless_gone": "cancel_on_disconnect",
    "hangup": "disconnect",
    "_converse": "_serve_socket",
    "_while_welcome": "_recheck_authorization",
    "_first_of": "_race",
    "Wire": "PreencodedWebSocketProtocol",
    "Bounds": "RequestLimits",
    "Told": "EventFrame",
    "Ticked": "TickFrame",
    "Draft": "NewEvent",
    "Recalling": "RebuildingChannel",
    "_retold": "_rebuild",
    "Owned": "OwnedWorkflow",
    "told_apart": "classify",
    "unquestioned": "always_owner",
    "Looked": "Detected",
    "Gear": "Encoding",
    "Bench": "LocalWorker",
    "Shift": "WorkerSpec",
    "Ink": "Symbols",
    "ink": "symbols",
    "StandsStillError": "StyleNotAnalysedError",
    "stuck_s": "send_timeout_s",
    "leave_the_stuck": "drop_stalled_clients",
    "prioritise": "set_priority",
}
