"""A real browser before the real server with real FFmpeg; what it showed is kept as pictures."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import viralclip

ARTIFACTS = Path(__file__).parents[1] / "artifacts"
PAGE = Path(viralclip.__file__).parent / "page" / "index.html"
DESK = {"width": 1280, "height": 860}
# A busy machine may make everything wait; nothing here waits longer than it must.
PATIENCE_MS = 120_000
# A busy machine may need its time to import and to make new databases.
_START_S = 240
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# FFmpeg itself, at a pace that a test chooses, and broken where a test wants it to be.
_FFMPEG = """#!/bin/sh
case "$*" in
  *-progress*) ;;
  *) exec "{real}" "$@" ;;
esac
case "$*" in
  *"$(cat "{folder}/broken")"*) echo "broken by the test" >&2; exit 1 ;;
esac
exec "{real}" -readrate "$(cat "{folder}/pace")" "$@"
"""
_UNBROKEN = "no command line has this in it"
_NEVER = threading.Event()


def _missing(what: str) -> None:
    """Skip on a laptop; where everything must be shown, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        _missing("browser tests need Chromium: apt-get install chromium")
    if not PAGE.exists():
        _missing("browser tests need the built page: make page")
    return str(found)


# One at a time, and closed before other tests: its loop would be in the way of theirs.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield opened
        opened.close()


@dataclass
class Looker:
    """Opens pages as different people would, and keeps pictures of what they see."""

    browser: Browser
    name: str
    pages: list[Page] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, address: str, **context: Any) -> Page:
        settings = {"viewport": DESK, "locale": "en-GB", **context}
        page = self.browser.new_context(**settings).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._hear)
        self.pages.append(page)
        page.goto(address)
        return page

    def keep(self, page: Page, moment: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{self.name}-{moment}.png", full_page=True)

    def _hear(self, message: Any) -> None:
        # That something could not be fetched is the subject of some tests, not a fault of the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)


@pytest.fixture
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Looker]:
    """`look.open(address)` is a page of a browser of its own; it must log no error."""
    looker = Looker(browser, request.node.name.removeprefix("test_"))
    yield looker
    for number, page in enumerate(looker.pages):
        looker.keep(page, f"end-{number}")
        page.context.close()
    assert [fault for fault in looker.faults if "WebSocket connection" not in fault] == []


@dataclass
class Served:
    """`viralclip serve` in a process of its own, that can be killed and started again."""

    folder: Path
    port: int
    env: dict[str, str]
    host: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log_lines(self) -> list[dict[str, Any]]:
        text = (self.folder / "serve.log").read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def start(self) -> None:
        command = ("serve", "--host", self.host, "--port", str(self.port))
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "viralclip", *command],
                env=self._env,
                stdout=log,
                stderr=log,
            )
        until(self._answers, within_s=_START_S)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def command(self, *arguments: str) -> str:
        """What another command says that shares the server's state folder."""
        run = [sys.executable, "-m", "viralclip", *arguments]
        return subprocess.run(
            run, env=self._env, capture_output=True, text=True, check=True
        ).stdout.strip()

    def render_at(self, pace: float) -> None:
        """FFmpegs that start from now on make so many seconds of clip a second at most."""
        (self.folder / "pace").write_text(str(pace))

    def break_style(self, style: str | None) -> None:
        """FFmpegs that start from now on fail at clips of the style; None mends them."""
        (self.folder / "broken").write_text(f"{style}-" if style else _UNBROKEN)

    def submit(self, *spans: tuple[float, float], styles: str = "original") -> str:
        """The address of the page of a new job."""
        scenes = [
            {"title": f"Part {number}", "start": start, "end": end}
            for number, (start, end) in enumerate(spans, 1)
        ]
        body = {
            "source": {"path": "talk.mp4"},
            "scenes": scenes,
            "styles": styles.split(","),
            "preset": "fast",
        }
        with self.client() as client:
            answer = client.post("/api/jobs", json=body)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        return f"{self.address}/#/jobs/{answer.json()['job_id']}"

    def api(self, page: str) -> str:
        """Where the API knows the job whose page has this address."""
        return f"/api/jobs/{page.rpartition('/')[2]}"

    def wait_until_clips_wait(self, page: str) -> None:
        with self.client() as client:
            until(lambda: client.get(self.api(page)).json()["clips_ahead"] is not None)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, trust_env=False, timeout=60)

    @property
    def _env(self) -> dict[str, str]:
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("VIRALCLIP_")}
        return {**inherited, **self.env}

    def _answers(self) -> bool:
        assert self.is_running, (self.folder / "serve.log").read_text()
        with suppress(httpx.TransportError), self.client() as client:
            return client.get("/healthz").status_code == httpx.codes.OK
        return False


def until(found: Callable[[], Any], *, within_s: float = 60.0) -> Any:
    """The first truth that `found` gives; the one place in these tests that waits by asking."""
    for _ in range(round(within_s / 0.1)):
        if answer := found():
            return answer
        _NEVER.wait(0.1)
    pytest.fail(f"still waiting after {within_s} s")


@pytest.fixture(scope="session")
def talk(ffmpeg: Path, source: Callable[[str], Path], tmp_path_factory: Any) -> Path:
    """A minute that every browser can play."""
    target = tmp_path_factory.mktemp("talk") / "talk.mp4"
    looped = ("-stream_loop", "19", "-i", source("small"), "-c", "copy")
    subprocess.run([ffmpeg, "-v", "error", *looped, "-movflags", "+faststart", target], check=True)
    return target


Serve = Callable[..., Served]


@pytest.fixture(scope="module")
def serving(
    chromium: str, ffmpeg: Path, talk: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serve]:
    """`serving()` is a server of its own, with `talk.mp4` in its media folder."""
    running: list[Served] = []

    def start(host: str = "127.0.0.1", prepare: Callable[[Served], Any] | None = None) -> Served:
        folder = tmp_path_factory.mktemp("served")
        (folder / "media").mkdir()
        shutil.copy(talk, folder / "media" / "talk.mp4")
        tool = folder / "ffmpeg"
        tool.write_text(_FFMPEG.format(real=ffmpeg, folder=folder))
        tool.chmod(0o755)
        env = {
            "VIRALCLIP_STATE_DIR": str(folder / "state"),
            "VIRALCLIP_MEDIA_ROOTS": str(folder / "media"),
            "VIRALCLIP_FFMPEG": str(tool),
            "VIRALCLIP_FFMPEG_SLOTS": "2",
        }
        served = Served(folder, _free_port(), env, host)
        served.render_at(100)
        served.break_style(None)
        if prepare is not None:
            prepare(served)
        running.append(served)
        served.start()
        return served

    yield start
    for served in running:
        served.kill()


@pytest.fixture(scope="module")
def _shared(serving: Serve) -> Served:
    return serving()


@pytest.fixture
def served(_shared: Served) -> Iterator[Served]:
    """A server that the tests of a file share; each has its own jobs there."""
    yield _shared
    _shared.render_at(100)
    _shared.break_style(None)
    if not _shared.is_running:
        _shared.start()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probing:
        return probing.getsockname()[1]


@dataclass
class Line:
    """The way between a browser and a server: it can be cut, and can refuse what it carries."""

    to: int
    port: int = field(default_factory=_free_port)
    refused: tuple[bytes, ...] = ()
    _ends: set[socket.socket] = field(default_factory=set)

    def mend(self) -> None:
        listening = socket.create_server(("127.0.0.1", self.port))
        self._ends.add(listening)
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def cut(self) -> None:
        ends, self._ends = self._ends, set()
        for end in ends:
            _end(end)

    def refuse(self, *headers: bytes) -> None:
        """Break whatever asks for one of these from now on."""
        self.refused = headers

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                self._join(near)

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.to))
        except OSError:
            near.close()
            return
        self._ends |= {near, far}
        for each in ((near, far, self._may_pass), (far, near, lambda _: True)):
            threading.Thread(target=self._carry, args=each, daemon=True).start()

    def _carry(
        self, start: socket.socket, end: socket.socket, may_pass: Callable[[bytes], bool]
    ) -> None:
        with suppress(OSError):
            while (data := start.recv(65536)) and may_pass(data):
                end.sendall(data)
        for each in (start, end):
            _end(each)
            self._ends.discard(each)

    def _may_pass(self, data: bytes) -> bool:
        return not any(header in data.lower() for header in self.refused)


def _end(end: socket.socket) -> None:
    # Closing alone would not wake the thread that waits for it.
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@pytest.fixture
def line(served: Served) -> Iterator[Line]:
    made = Line(served.port)
    made.mend()
    yield made
    made.cut()
