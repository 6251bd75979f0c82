"""A server on this machine that takes whatever is posted to it."""

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_PATIENCE_S = 60.0


class QuietHandler(BaseHTTPRequestHandler):
    """Says nothing of its requests on stderr."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


class Inbox:
    """What was posted to which path, one by one, for as long as the context is open."""

    def __init__(self) -> None:
        posts: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.put((self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

        self._posts = posts
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next(self) -> tuple[str, dict[str, Any]]:
        """The path and the body of the next post."""
        return self._posts.get(timeout=_PATIENCE_S)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
