"""Errors of settings, and of what they name."""

from viralclip.errors import InvalidRequestError


class InvalidSettingError(InvalidRequestError):
    """The setting {name} has the value {value}, but needs {wanted}."""

    code = "invalid_setting"


class StateNotWritableError(InvalidRequestError):
    """Nothing can be kept in {name}; make it writable, with room, or set VIRALCLIP_STATE_DIR."""

    code = "state_not_writable"


class DatabaseUnreachableError(InvalidRequestError):
    """The database does not answer; check VIRALCLIP_DATABASE and that the server runs."""

    code = "database_unreachable"


class MetricsTokenMissingError(InvalidRequestError):
    """Other machines can reach VIRALCLIP_METRICS; set VIRALCLIP_METRICS_TOKEN, or use 127.0.0.1."""

    code = "metrics_token_missing"
