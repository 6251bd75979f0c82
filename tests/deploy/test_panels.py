"""Every query of every board has an answer, in a Prometheus that scraped a real run."""

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import yaml
from inbox import QuietHandler
from services import PROMETHEUS_PACKAGES, WebServer, make_web_server, program
from serving import GOOD, PARTLY_BAD, Served, served

from deploy.grafana.boards import BOARDS
from deploy.grafana.panels import Query
from deploy.prometheus import rules

QUERIES = [
    (board, panel, query) for board in BOARDS for panel in board.panels for query in panel.queries
]
# What a minute of one machine does not say, and who does; a process of the test says it instead.
ELSEWHERE = {
    "redis_memory_used_bytes": "the exporter of a fleet's Redis",
    "redis_memory_max_bytes": "the exporter of a fleet's Redis",
    "redis_commands_processed_total": "the exporter of a fleet's Redis",
    "viralclip_anomalies_total": "a machine that becomes slow",
    "viralclip_retries_total": "a store that does not answer for a while",
    "viralclip_time_left_error_ratio": "jobs that take longer than it takes to learn their pace",
}
_SAID = """
redis_memory_used_bytes 1000000
redis_memory_max_bytes 2000000
redis_commands_processed_total {count}
viralclip_anomalies_total{{step="rendering"}} {count}
viralclip_retries_total{{code="storage_unavailable"}} {count}
viralclip_time_left_error_ratio_bucket{{at="quarter",le="0.2"}} {count}
viralclip_time_left_error_ratio_bucket{{at="quarter",le="+Inf"}} {count}
viralclip_time_left_error_ratio_count{{at="quarter"}} {count}
"""
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Observed:
    """A Prometheus that knows all of a run, and when that was."""

    prometheus: httpx.Client
    begun: float
    ended: float

    def answers(self, expr: str) -> list[float]:
        """Every figure that the query gives at any second of the run."""
        asked = {"query": expr, "start": self.begun, "end": self.ended, "step": 1}
        answer = self.prometheus.get("/api/v1/query_range", params=asked).json()
        assert answer["status"] == "success", answer
        series = answer["data"]["result"]
        figures = [float(value) for each in series for _, value in each["values"]]
        return [figure for figure in figures if math.isfinite(figure)]

    def firing(self) -> set[str]:
        alerts = self.prometheus.get("/api/v1/alerts").json()["data"]["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}


def test_every_panel_has_data_and_only_the_anomalies_are_an_alert(
    ffmpeg: Path, source: Callable[[str], Path], tmp_path: Path
) -> None:
    prometheus = program("prometheus", PROMETHEUS_PACKAGES)
    with _said_elsewhere() as elsewhere, served(tmp_path, ffmpeg, source("small")) as here:
        config = _config(tmp_path, server=here.port, elsewhere=elsewhere)
        command = [
            prometheus,
            f"--config.file={config}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            "--enable-feature=exemplar-storage",
        ]
        begun = time.time()
        with make_web_server(command, tmp_path) as server, _client_of(server) as prometheus:
            _run(here, prometheus)
            # A rate is there once its figure has been scraped twice.
            deadline = time.monotonic() + _PATIENCE_S
            observed = Observed(prometheus, begun, time.time())
            while (without := _unanswered(observed)) and time.monotonic() < deadline:
                time.sleep(1)
                observed = Observed(prometheus, begun, time.time())
            firing = observed.firing()

    assert without == []
    assert firing <= {"AnomaliesFrequent"}


def _unanswered(observed: Observed) -> list[str]:
    return [
        f"{board.title}: {panel.title}: {query.expr}"
        for board, panel, query in QUERIES
        if not observed.answers(filled_in(query))
    ]


def filled_in(query: Query) -> str:
    """As Grafana asks it, with all workers chosen."""
    return query.expr.replace("$__rate_interval", "15s").replace("$worker", ".*")


def test_what_is_said_elsewhere_is_what_a_board_asks_for() -> None:
    asked = " ".join(query.expr for *_, query in QUERIES)

    said = {re.sub("_(bucket|count)$", "", name) for name in re.findall(r"(?m)^(\w+)[ {]", _SAID)}

    assert all(re.search(rf"\b{name}(_bucket)?\b", asked) for name in ELSEWHERE)
    assert said == set(ELSEWHERE)


@contextmanager
def _said_elsewhere() -> Iterator[int]:
    """The port of a process that says something more at each scrape."""

    class Handler(QuietHandler):
        count = 0

        def do_GET(self) -> None:  # noqa: N802 - the library's name
            Handler.count += 1
            body = _SAID.format(count=Handler.count).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def _config(folder: Path, *, server: int, elsewhere: int) -> Path:
    """Our rules and targets, looked at every second."""
    (folder / "rules.yaml").write_text(re.sub(r"interval: \w+", "interval: 1s", rules.rules()))
    targets = {"server": server, "elsewhere": elsewhere}
    path = folder / "prometheus.yaml"
    about = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for name, port in targets.items()
        ],
    }
    path.write_text(yaml.dump(about), encoding="utf-8")
    return path


def _run(here: Served, prometheus: httpx.Client) -> None:
    """Jobs that are watched, one that fails in part, and one that is cancelled."""
    for count, scenes in enumerate((GOOD, PARTLY_BAD), start=1):
        here.watch(here.submit(scenes))
        # Each is scraped for itself: two between two scrapes are no rate.
        _until_scraped(prometheus, f"sum(viralclip_schedule_to_start_seconds_count) >= {count}")
    cancelled = here.submit(PARTLY_BAD)
    with here.client() as client:
        assert client.post(f"/api/jobs/{cancelled}/cancel").is_success
    here.watch(cancelled)
    _until_scraped(prometheus, 'sum(viralclip_clips_total{outcome="cancelled"})')


def _client_of(server: WebServer) -> httpx.Client:
    return httpx.Client(base_url=server.url, timeout=30)


def _until_scraped(prometheus: httpx.Client, expr: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not prometheus.get("/api/v1/query", params={"query": expr}).json()["data"]["result"]:
        assert time.monotonic() < deadline, f"never scraped: {expr}"
        time.sleep(0.2)
