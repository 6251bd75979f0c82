"""What can be set, and how it is read from the environment."""

from viralclip.settings.errors import (
    DatabaseUnreachableError,
    InvalidSettingError,
    MetricsTokenMissingError,
    StateNotWritableError,
)
from viralclip.settings.reading import DEFAULT_SLOTS, read_settings
from viralclip.settings.sections import Address, Settings
from viralclip.settings.urls import STORAGES
from viralclip.settings.values import read_age

__all__ = [
    "DEFAULT_SLOTS",
    "STORAGES",
    "Address",
    "DatabaseUnreachableError",
    "InvalidSettingError",
    "MetricsTokenMissingError",
    "Settings",
    "StateNotWritableError",
    "read_age",
    "read_settings",
]
