"""Addresses among the settings: of databases, stores, chats and machines."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from viralclip.origins import Site, parse_site
from viralclip.settings.sections import Address
from viralclip.settings.values import read_parts, refusal

STORAGES = frozenset({"file", "s3", "gs", "az"})
_FIRESTORE = re.compile(r"firestore://[a-z0-9-]+(/[a-z0-9()-]+)?")
_PORTS = 65536
_HOST = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]*)?")


def read_url(
    env: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]
) -> str | None:
    """A URL of one of the schemes, or None for the default; the value may hold a password."""
    value = env.get(name) or default
    if value == default:
        return None
    scheme, _, rest = value.partition("://")
    if scheme not in schemes or not rest or not _has_valid_port(value):
        wanted = f"{default}, or a URL that begins with {schemes[0]}://"
        raise refusal(name, value, wanted)
    # SQLAlchemy knows one name only.
    return f"postgresql://{rest}" if scheme == "postgres" else value


def read_storage(env: Mapping[str, str], name: str) -> str | None:
    """The storage's URL; credentials have names of their own, for a URL is shown to people."""
    if not (value := env.get(name)):
        return None
    if not _has_valid_port(value):
        raise refusal(name, value, "a URL such as file:///srv/clips or s3://bucket/prefix")
    parts = urlsplit(value)
    if parts.username is not None or parts.password is not None:
        wanted = "to be without credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise refusal(name, value, wanted)
    if parts.scheme not in STORAGES or (parts.scheme != "file" and not parts.netloc):
        wanted = "a URL such as file:///srv/clips or s3://bucket/prefix"
        raise refusal(name, value, wanted)
    return value


def read_public_origin(env: Mapping[str, str], name: str) -> str | None:
    if not (value := env.get(name)):
        return None
    wanted = "an address such as https://media.example.com"
    if not _has_valid_port(value):
        raise refusal(name, value, wanted)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise refusal(name, value, wanted)
    if env.get("AWS_ENDPOINT_URL_S3"):
        # The library lets that one win over every endpoint it is given.
        wanted = "the store's own endpoint in AWS_ENDPOINT_URL, not in AWS_ENDPOINT_URL_S3"
        raise refusal(name, value, wanted)
    return value.rstrip("/")


def read_firestore(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value and not _FIRESTORE.fullmatch(value):
        wanted = "firestore://PROJECT or firestore://PROJECT/DATABASE"
        raise refusal(name, value, wanted)
    return value or None


def read_alert_addresses(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    urls = tuple(env.get(name, "").split())
    for url in urls:
        if not _is_url(url):
            raise refusal(name, url, "addresses of apprise, such as slack://…, with spaces")
    return urls


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path.strip("/")))


def _has_valid_port(url: str) -> bool:
    """Whether a library can make a host and a port of it: its error would repeat the whole URL."""
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port != 0


def read_listening_address(env: Mapping[str, str], name: str) -> Address | None:
    """`host:port`, or `:port` for every address of the machine; None where it is not set."""
    if not (value := env.get(name)):
        return None
    host, colon, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    is_port = port.isascii() and port.isdecimal() and 0 < int(port[:6]) < _PORTS
    if not colon or not is_port or not (_HOST.fullmatch(host) or _is_address(host)):
        raise refusal(name, value, "an address such as 127.0.0.1:9465, or :9465 for all of them")
    return Address(host, int(port))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def read_sites(env: Mapping[str, str], name: str) -> tuple[Site, ...]:
    wanted = "names such as clips.example.com or https://clips.example.com:8443, with commas"
    found: list[Site] = []
    for text in read_parts(env, name, ","):
        if (site := parse_site(text)) is None:
            raise refusal(name, text, wanted)
        found.append(site)
    return tuple(found)
