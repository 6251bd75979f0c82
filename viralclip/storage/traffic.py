"""What the kernel has moved on the connections of this process to an object store.

The client library is silent about a request until it is answered, and a part of 5 MiB takes 42 s at
1 Mbit/s: only the kernel's counters tell a slow line from a silent one.
"""

import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

# `tcpi_bytes_acked` and `tcpi_bytes_received` in `struct tcp_info` of linux/tcp.h, since 4.1.
_COUNTERS = struct.Struct("<QQ")
_COUNTERS_AT = 120
_INFO_BYTES = _COUNTERS_AT + _COUNTERS.size
_PORTS = {"http": 80, "https": 443}
_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class Traffic:
    """Counts bytes on the connections to `ports`, whoever in this process has opened them.

    The kernel ends one of them whose bytes are acknowledged by nobody for `dead_after_s`, so that
    the client sends that part again on another connection.
    """

    def __init__(self, ports: frozenset[int], *, dead_after_s: float) -> None:
        self._ports = ports
        self._dead_after_ms = int(dead_after_s * 1000)
        self._counted: dict[int, int] = {}
        self._moved = 0
        self._lock = threading.Lock()

    def moved(self) -> int | None:
        """How many bytes other ends have acknowledged or sent until now; None if nobody counts."""
        if sys.platform != "linux":
            return None
        with self._lock:
            counted = dict(self._connections())
            for inode, count in counted.items():
                self._moved += max(0, count - self._counted.get(inode, 0))
            self._counted = counted
            return self._moved

    def _connections(self) -> Iterator[tuple[int, int]]:
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - there may be very many
            # A descriptor may be closed or another one by now: then it is read once for nothing.
            try:
                inode = os.fstat(int(name)).st_ino
                connection = socket.socket(
                    socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=int(name)
                )
            except OSError:
                continue
            try:
                peer = connection.getpeername()
                if isinstance(peer, tuple) and peer[1] in self._ports:
                    yield inode, self._count(connection, is_new=inode not in self._counted)
            except (OSError, struct.error):
                continue
            finally:
                connection.detach()

    def _count(self, connection: socket.socket, *, is_new: bool) -> int:
        if is_new:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self._dead_after_ms)
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        return sum(_COUNTERS.unpack_from(info, _COUNTERS_AT))


def store_ports(env: Mapping[str, str]) -> frozenset[int]:
    """The ports that object stores, and proxies on the way to them, are reached at."""
    named = (
        value
        for name, value in env.items()
        if (name.startswith(_CLOUDS) and "ENDPOINT" in name) or name.lower() in _PROXIES
    )
    return frozenset({443, *(port for url in named if (port := _port(url)))})


def _port(url: str) -> int | None:
    try:
        parts = urlsplit(url)
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
