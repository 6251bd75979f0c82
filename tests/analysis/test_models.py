"""The face model comes from the network once, whole and verified, or not at all."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from viralclip.analysis import models
from viralclip.analysis.models import FaceModel, ModelPlace, checksum, fetch_model, find_model
from viralclip.errors import ModelUnavailableError

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A web server on this machine that answers everything in one way, and counts how often."""

    def __init__(self, answer: Answer) -> None:
        self.asked = 0

        def count_and_answer(handler: BaseHTTPRequestHandler) -> None:
            self.asked += 1
            answer(handler)

        class Handler(BaseHTTPRequestHandler):
            do_GET = count_and_answer  # noqa: N815 - the library's name for it

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/model.onnx"

    @contextmanager
    def running(self) -> Iterator["Server"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def sending(content: bytes, *, promised: int | None = None, status: int = 200) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content) if promised is None else promised))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def hanging_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


@pytest.fixture
def served() -> Iterator[Callable[[Answer], Server]]:
    running = []

    def serve(answer: Answer) -> Server:
        context = Server(answer).running()
        running.append(context)
        return context.__enter__()

    yield serve
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def right(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What stands for the model: as long as it is, and expected by its checksum."""
    content = b"\x08\x07" + bytes(models.YUNET_BYTES - 2)
    monkeypatch.setattr(models, "YUNET_SHA256", hashlib.sha256(content).hexdigest())
    return content


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_each_version_of_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    read: list[bytes] = []

    def counted(path: Path) -> bytes:
        with path.open("rb") as file:
            read.append(file.read())
        return read[-1]

    monkeypatch.setattr(Path, "read_bytes", counted)
    model = tmp_path / "model.onnx"
    model.write_bytes(b"one")
    first = [checksum(model), checksum(model)]
    model.write_bytes(b"other")
    second = [checksum(model), checksum(model)]

    assert read == [b"one", b"other"]
    assert first == [hashlib.sha256(b"one").hexdigest()] * 2
    assert second == [hashlib.sha256(b"other").hexdigest()] * 2
    assert checksum(tmp_path / "none") == ""


def test_the_right_file_is_kept_and_not_asked_for_again(served, right, tmp_path):
    server = served(sending(right))
    place = ModelPlace(tmp_path / "models", url=server.url)

    assert find_model(place) is None
    assert fetch_model(place).read_bytes() == right
    assert fetch_model(place) == find_model(place) == tmp_path / "models" / models.YUNET_NAME
    assert server.asked == 1
    assert files(tmp_path) == [models.YUNET_NAME]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (sending(bytes(models.YUNET_BYTES)), "what was downloaded is not the model"),
        (sending(b"<html>Please log in</html>"), "what was downloaded is not the model"),
        (sending(bytes(models.YUNET_BYTES + 9)), "what was downloaded is not the model"),
        (sending(bytes(999), promised=models.YUNET_BYTES), "the download was cut short"),
        (hanging_up, "the download was cut short"),
        (sending(b"", status=404), "the server it should come from answers 404"),
    ],
    ids=["wrong", "page", "longer", "cut", "silent", "absent"],
)
def test_anything_else_is_refused_and_leaves_nothing_behind(served, right, tmp_path, answer, why):
    place = ModelPlace(tmp_path / "models", url=served(answer).url)

    with pytest.raises(ModelUnavailableError, match=why):
        fetch_model(place)
    assert files(tmp_path) == []


def test_without_a_network_it_is_said_that_the_server_cannot_be_reached(tmp_path):
    place = ModelPlace(tmp_path, url="http://127.0.0.1:9/model.onnx")

    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        fetch_model(place)


def test_a_folder_that_cannot_be_written_to_is_named_as_the_reason(served, right, tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")
    place = ModelPlace(tmp_path / "models", url=served(sending(right)).url)

    with pytest.raises(ModelUnavailableError, match="the folder for it cannot be written to"):
        fetch_model(place)


def test_a_kept_file_that_was_damaged_is_fetched_anew(served, right, tmp_path):
    place = ModelPlace(tmp_path, url=served(sending(right)).url)
    place.kept.write_bytes(right[:-1])

    assert find_model(place) is None
    assert fetch_model(place).read_bytes() == right


def test_a_file_that_is_named_is_taken_as_it_is(tmp_path):
    other = tmp_path / "other.onnx"
    other.write_bytes(b"another version")

    assert find_model(ModelPlace(tmp_path, named=other)) == other
    assert find_model(ModelPlace(tmp_path, named=tmp_path / "absent")) is None


async def test_many_scenes_at_once_download_it_once(served, right, tmp_path):
    server = served(sending(right))
    model = FaceModel(ModelPlace(tmp_path, url=server.url))

    found = await asyncio.gather(*(model.find() for _ in range(5)))

    assert set(found) == {tmp_path / models.YUNET_NAME}
    assert server.asked == 1


async def test_after_a_failure_the_network_is_left_alone_for_a_while(served, right, tmp_path):
    server = served(sending(b"", status=503))
    now = [0.0]
    model = FaceModel(ModelPlace(tmp_path, url=server.url), clock=lambda: now[0])

    assert await model.find() is None
    assert await model.find() is None
    assert server.asked == 1
    now[0] = 301.0
    assert await model.find() is None
    assert server.asked == 2


async def test_a_named_file_that_is_absent_is_not_replaced_by_a_download(served, right, tmp_path):
    server = served(sending(right))
    place = ModelPlace(tmp_path, named=tmp_path / "absent", url=server.url)

    assert await FaceModel(place).find() is None
    assert server.asked == 0


def test_the_model_of_this_machine_is_the_one_that_is_expected(face_model):
    assert models.checksum(face_model) == models.YUNET_SHA256
    assert face_model.stat().st_size == models.YUNET_BYTES
