"""What a scrape answered, as Prometheus's own parsers read it."""

from collections.abc import Iterator

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.samples import Sample

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Exposition:
    """The samples of an answer; OpenMetrics is read strictly."""

    def __init__(self, text: str) -> None:
        read = openmetrics if text.rstrip().endswith("# EOF") else parser
        self.families = list(read.text_string_to_metric_families(text))

    def __call__(self, name: str, **labels: str) -> float:
        """The value, summed over the labels that are not named; 0 if there is none."""
        return sum(sample.value for sample in self.samples(name, **labels))

    def samples(self, name: str, **labels: str) -> Iterator[Sample]:
        for family in self.families:
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    yield sample

    @property
    def names(self) -> set[str]:
        return {sample.name for family in self.families for sample in family.samples}

    @property
    def series(self) -> int:
        return sum(len(family.samples) for family in self.families)
