"""What is secret in an address, so that no log or message shows it."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

OTLP_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_OTLP_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")


def secrets_in(url: str) -> Iterator[str]:
    """The password in a URL, and the values of its query, as they are written and as they are."""
    try:
        parts = urlsplit(url)
    except ValueError:
        yield url
        return
    queried = (value for _, value in parse_qsl(parts.query))
    for secret in (parts.password or "", *queried, parts.query):
        yield from (secret, unquote(secret))


def tokens_in(url: str) -> Iterator[str]:
    """What opens a chat or a mailbox: any part of such an address but the name of a machine."""
    yield from secrets_in(url)
    parts = urlsplit(url)
    yield from (url, parts.username or "", *parts.path.split("/"))
    if "." not in (host := parts.netloc.rpartition("@")[2]) and host != "localhost":
        yield from (host, *host.split(":"))


def otlp_secrets(env: Mapping[str, str]) -> Iterator[str]:
    """Keys for a collector: in the values of its headers, and in its address."""
    for name in _OTLP_HEADERS:
        for header in env.get(name, "").split(","):
            value = header.partition("=")[2].strip()
            # The scheme of an Authorization header is no secret, what follows is.
            for secret in (value, unquote(value), unquote(value).rpartition(" ")[2]):
                if secret:
                    yield secret
    for name in OTLP_ENDPOINTS:
        yield from (secret for secret in secrets_in(env.get(name, "")) if secret)
