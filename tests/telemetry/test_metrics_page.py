"""The page of metrics is written from their table (`make generated`)."""

import re
from collections.abc import Iterator
from pathlib import Path

from viralclip.telemetry.instruments import Metric
from viralclip.telemetry.metrics import TABLE

_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
_TABLE = re.compile(r"^\| name \|.*?(?=^$)", re.MULTILINE | re.DOTALL)


def _rows() -> Iterator[str]:
    yield "| name | kind | labels | said by | what it says |"
    yield "|---|---|---|---|---|"
    for metric in TABLE:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        cells = (f"`{metric.name}`", metric.kind, labels, _said_by(metric), _meaning(metric))
        yield "| " + " | ".join(cells) + " |"


def _said_by(metric: Metric[...]) -> str:
    return ", ".join(sorted(metric.roles))


def _meaning(metric: Metric[...]) -> str:
    if not metric.buckets:
        return metric.help
    return f"{metric.help} Buckets: {', '.join(f'{bound:g}' for bound in metric.buckets)}."


def _written(page: str) -> str:
    return _TABLE.sub(lambda _: "\n".join(_rows()) + "\n", page, count=1)


def test_the_page_says_what_the_table_says():
    page = _PAGE.read_text(encoding="utf-8")

    assert page == _written(page), "run make generated"


if __name__ == "__main__":
    _PAGE.write_text(_written(_PAGE.read_text(encoding="utf-8")), encoding="utf-8")
