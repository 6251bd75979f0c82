"""How a setting's text becomes a value; a text that is none is refused under its name."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from viralclip.settings.errors import InvalidSettingError
from viralclip.settings.sections import LOG_LEVELS, LogFormat, LogLevel, Reach
from viralclip.text import is_text

_UNITS = ("", "KiB", "MiB", "GiB", "TiB")
_SIZE = re.compile(r"([0-9]{1,15})(KiB|MiB|GiB|TiB)?")
_AGE = re.compile(r"([0-9]{1,5})([hdw])")
_AGES = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SHORTEST_KEY = 32
_SHORTEST_TOKEN = 16
# What may stand in a header as it is.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_PLAIN = re.compile(r"[\w.+-]{1,8}")


def refusal(name: str, value: str, wanted: str) -> InvalidSettingError:
    """The error, with the value where it is too short and plain to hold a password."""
    shown = value if _PLAIN.fullmatch(value) else "…"
    return InvalidSettingError(name=name, value=shown, wanted=wanted)


def read_age(name: str, value: str) -> timedelta:
    """The time that `30d` means; InvalidSettingError under that name for what is none."""
    found = _AGE.fullmatch(value.strip())
    if found is None or not int(found[1]):
        raise refusal(name, value, "a time such as 12h, 30d or 8w")
    return int(found[1]) * _AGES[found[2]]


def read_secret_key(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value and len(value) < _SHORTEST_KEY:
        wanted = f"at least {_SHORTEST_KEY} characters, as `openssl rand -base64 32` makes them"
        raise refusal(name, value, wanted)
    return value or None


def read_metrics_token(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name)
    if value and (len(value) < _SHORTEST_TOKEN or not _TOKEN.fullmatch(value)):
        wanted = (
            f"at least {_SHORTEST_TOKEN} letters and figures, as `openssl rand -hex 32` makes them"
        )
        raise refusal(name, "…", wanted)
    return value or None


def read_path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    return Path(value).expanduser().resolve() if value else None


def require_utf8(name: str, path: Path) -> Path:
    if not is_text(str(path)):
        raise InvalidSettingError(name=name, value=path, wanted="a path that is UTF-8")
    return path


def read_parts(env: Mapping[str, str], name: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(separator) if part.strip())


def read_positive(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise refusal(name, value, "a whole number from 1")
    return int(value)


def read_reach(env: Mapping[str, str], name: str) -> Reach:
    match env.get(name) or "public":
        case "public":
            return "public"
        case "anywhere":
            return "anywhere"
        case other:
            raise refusal(name, other, "public or anywhere")


def read_byte_count(env: Mapping[str, str], name: str, default: str) -> int:
    value = env.get(name) or default
    found = _SIZE.fullmatch(value)
    if found is None or not int(found[1]):
        raise refusal(name, value, "a size such as 500MiB or 20GiB")
    return int(found[1]) * 1024 ** _UNITS.index(found[2] or "")


def read_log_format(env: Mapping[str, str], name: str) -> LogFormat:
    match env.get(name) or "json":
        case "json":
            return "json"
        case "console":
            return "console"
        case other:
            raise refusal(name, other, "json or console")


def read_log_level(name: str, value: str) -> LogLevel:
    for level in LOG_LEVELS:
        if value.lower() == level:
            return level
    raise refusal(name, value, ", ".join(LOG_LEVELS))
