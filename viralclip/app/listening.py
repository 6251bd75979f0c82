"""Ports that a command listens on."""

import socket
import sys
from types import MappingProxyType

from viralclip.errors import InvalidRequestError

# Little waits in the kernel for a viewer that does not read; its place is kept here instead.
_SEND_BUFFER = 64 * 1024
# After so long the kernel itself gives such a viewer up, whatever it was sent.
STUCK_S = 60
# Connections that the kernel keeps until they are accepted.
WAITING = 1024


class AddressTakenError(InvalidRequestError):
    """Something else listens on {host}:{port}; choose another port {how}."""

    code = "address_taken"
    usual = MappingProxyType({"how": "with --port"})


def listen(host: str, port: int, **facts: str) -> socket.socket:
    """A socket that listens there, on every address for an empty host; AddressTakenError, with the
    facts, where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # For connections that are known to be TCP asyncio has the kernel send at once what it is given.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    drop_stalled_clients(listening, STUCK_S)
    try:
        listening.bind((host, port))
        # Who is told the address may come at once: it waits here until the server is ready.
        listening.listen(WAITING)
    except OSError as error:
        listening.close()
        raise AddressTakenError(host=host or "*", port=port, **facts) from error
    return listening


def drop_stalled_clients(listening: socket.socket, send_timeout_s: float) -> None:
    """Let the kernel hold little for a connection, and end one that takes nothing; accepted
    connections inherit it."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    if sys.platform == "linux":
        listening.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(send_timeout_s * 1000)
        )
