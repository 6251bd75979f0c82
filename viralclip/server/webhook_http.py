"""One message to an address that a user chose: never to this machine or its neighbours."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import SplitResult, urlsplit

import psutil

from viralclip.errors import InvalidRequestError
from viralclip.server.addresses import is_public

_PORTS = {"http": 80, "https": 443}
_INFORMATIONAL = range(100, 200)
_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal")


class WebhookAddressError(InvalidRequestError):
    """A webhook needs an http or https address that anybody may reach, without a user name."""

    code = "invalid_webhook"


class PostError(Exception):
    """The message did not get there; the text is a short code that says why."""


@dataclass(frozen=True)
class Target:
    """Where to connect to and what to ask for there."""

    secure: bool
    host: str
    port: int
    authority: str
    path: str


def parse_target(url: str, *, anywhere: bool) -> Target:
    """The target that an address names; WebhookAddressError for what can be seen to be wrong.

    Names are looked up when something is sent, since they may point elsewhere by then.
    """
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise WebhookAddressError
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WebhookAddressError from error
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or port == 0:
        raise WebhookAddressError
    if not anywhere and _is_private_name(parts.hostname):
        raise WebhookAddressError
    return _target(parts, parts.hostname, port or _PORTS[parts.scheme])


async def post(
    target: Target, headers: Mapping[str, str], body: bytes, *, anywhere: bool, timeout_s: float
) -> int:
    """The status of the answer; PostError if there is none in time. Redirects are not followed."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _post(target, headers, body, anywhere=anywhere)
    except TimeoutError as error:
        raise PostError("timeout") from error
    except ssl.SSLError as error:
        raise PostError("tls_failed") from error
    except (OSError, EOFError) as error:
        raise PostError("not_reached") from error
    except ValueError as error:
        raise PostError("no_http_answer") from error


async def _post(target: Target, headers: Mapping[str, str], body: bytes, *, anywhere: bool) -> int:
    address = await _look_up(target, anywhere=anywhere)
    reader, writer = await asyncio.open_connection(
        address,
        target.port,
        ssl=ssl.create_default_context() if target.secure else None,
        server_hostname=target.host if target.secure else None,
    )
    try:
        writer.write(_request(target, headers, len(body)) + body)
        await writer.drain()
        # What the receiver says beside its status is nothing to us.
        return await _status(reader)
    finally:
        writer.transport.abort()


async def _look_up(target: Target, *, anywhere: bool) -> str:
    """One of the host's addresses, which is then connected to: a second look-up could differ."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise PostError("unknown_host") from error
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    if not anywhere and not all(_is_public(address) for address in addresses):
        raise PostError("forbidden_address")
    return addresses[0]


def _request(target: Target, headers: Mapping[str, str], length: int) -> bytes:
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {length}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("ascii")


async def _status(reader: asyncio.StreamReader) -> int:
    """The first status that is an answer; ValueError if it is not HTTP."""
    while True:
        version, _, rest = (await _line(reader)).partition(b" ")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise ValueError(version)
        status = int(rest[:3])
        if status not in _INFORMATIONAL:
            return status
        while (await _line(reader)).strip():
            pass


async def _line(reader: asyncio.StreamReader) -> bytes:
    """A whole line; ValueError if it is endless."""
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line


def _target(parts: SplitResult, host: str, port: int) -> Target:
    path = parts.path or "/"
    return Target(
        secure=parts.scheme == "https",
        host=host,
        port=port,
        authority=parts.netloc,
        path=f"{path}?{parts.query}" if parts.query else path,
    )


def _is_private_name(host: str) -> bool:
    name = host.rstrip(".")
    try:
        return not _is_public(name)
    except ValueError:
        return f".{name}".endswith(_LOCAL_NAMES)


def _is_public(text: str) -> bool:
    return is_public(text) and not _is_own(text)


def _is_own(text: str) -> bool:
    """Whether the address is one of this machine's, which may be public, too."""
    own = chain.from_iterable(psutil.net_if_addrs().values())
    address = text.partition("%")[0].removeprefix("::ffff:")
    return any(each.address.partition("%")[0] == address for each in own)
