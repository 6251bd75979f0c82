"""Origins as browsers compare them: scheme, host and port, whatever way they are written."""

import re
from dataclasses import dataclass

_PORTS = {"http": 80, "https": 443}
_MOST_PORT = 65535
_NAME = r"[a-z0-9_](?:[a-z0-9_.-]{0,252})"
_HOST = re.compile(rf"(?P<host>{_NAME}|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?")


@dataclass(frozen=True)
class Host:
    """A host's name or address in lower case, without brackets or the root's dot; its port if one
    is written."""

    name: str
    port: int | None = None


@dataclass(frozen=True)
class Origin:
    """Where a page is from."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True)
class Site:
    """A name that a server goes by, with a scheme and a port if those are fixed, too."""

    host: str
    port: int | None = None
    scheme: str | None = None

    def is_origin(self, origin: Origin) -> bool:
        """Whether a page of that origin is a page of this site."""
        port = self.port or _PORTS[origin.scheme]
        return (self.host, port) == (origin.host, origin.port) and (
            self.scheme in (None, origin.scheme)
        )


def parse_host(text: str) -> Host | None:
    """The host in a `Host` header; None if it is none."""
    found = _HOST.fullmatch(text.lower())
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port <= _MOST_PORT:
        return None
    return Host(found["host"].strip("[]").removesuffix("."), port)


def parse_origin(text: str) -> Origin | None:
    """The origin in an `Origin` header; None for `null`, and for what is none."""
    scheme, _, rest = text.partition("://")
    host = parse_host(rest)
    if scheme.lower() not in _PORTS or host is None:
        return None
    return Origin(scheme.lower(), host.name, host.port or _PORTS[scheme.lower()])


def parse_site(text: str) -> Site | None:
    """`clips.example.com`, with a scheme before it or a port after it or neither; or None."""
    scheme, separator, rest = text.rpartition("://")
    if separator and scheme.lower() not in _PORTS:
        return None
    try:
        # Browsers write names of other scripts so.
        ascii_rest = rest.removesuffix("/").encode("idna").decode()
    except UnicodeError:
        return None
    host = parse_host(ascii_rest)
    return Site(host.name, host.port, scheme.lower() or None) if host else None


def is_same(origin: Origin, host: Host, *, secure: bool) -> bool:
    """Whether a page of the origin asks the host that it is from.

    A proxy may have ended TLS on the way: only what came `secure` is known to be https.
    """
    if secure and origin.scheme != "https":
        return False
    return (origin.host, origin.port) == (host.name, host.port or _PORTS[origin.scheme])
