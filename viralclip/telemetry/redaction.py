"""Passwords and keys of the settings are in no log line, whatever libraries put into errors."""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from structlog.typing import WrappedLogger

HIDDEN = "[hidden]"
# What is shorter may be part of any word.
_SHORTEST = 6


class Redaction:
    """A processor that hides the secrets in every text of an event."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one may be a part of another.
        known = {secret for secret in secrets if len(secret) >= _SHORTEST}
        self._secrets = sorted(known, key=len, reverse=True)

    def __call__(
        self, _: WrappedLogger, __: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for name, value in event.items() if self._secrets else ():
            event[name] = self._hidden(value)
        return event

    def _hidden(self, value: Any) -> Any:
        match value:
            case str():
                for secret in self._secrets:
                    value = value.replace(secret, HIDDEN)
                return value
            case bool() | int() | float() | None:
                return value
            case list() | tuple():
                return [self._hidden(each) for each in value]
            case Mapping():
                return {name: self._hidden(each) for name, each in value.items()}
            case _:
                return self._hidden(repr(value))
