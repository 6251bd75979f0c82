"""The folders of this machine that fill up."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from viralclip.settings import Settings
from viralclip.telemetry.metrics import Place


def places(settings: Settings) -> dict[Place, Path]:
    """By what is in them; clips in an object store have no end of room."""
    places: dict[Place, Path] = {"state": settings.state.folder}
    parts = urlsplit(settings.storage.url)
    if parts.scheme == "file":
        places["clips"] = Path(os.fsdecode(unquote_to_bytes(parts.path)))
    return places
