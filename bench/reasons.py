"""What is larger than the rules of the house allow, each with its reason: the only such list."""

from collections.abc import Mapping

# Files of more than 300 lines.
LONG: Mapping[str, str] = {
    "viralclip.errors": "the tree of errors is read as one: which are there, and what each ends",
    "viralclip.events": "the vocabulary of the wire, one class for each fact and one closed union",
    "viralclip.progress": "one fold: what each event does to the progress stands side by side",
}

# Ports of more than 8 methods, and values of more than 8 fields.
WIDE: Mapping[str, str] = {
    "Symbols": "one field for each sign of the terminal, in one table for each set of characters",
    "Figures": "what alerts are judged by: one field for each metric, taken at one moment",
    "Span": "the fields of an OpenTelemetry span",
    "_Edit": "the columns of a line of an edit decision list",
    "Overview": "the columns of a row in a list of jobs",
}
