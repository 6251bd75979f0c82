"""`viralclip models`: the face model, which is not ours to bundle."""

import asyncio
import sys
from pathlib import Path

from viralclip.analysis.models import ModelPlace, fetch_model, find_model
from viralclip.app.openers import model_place
from viralclip.errors import DetectorMissingError, ModelUnavailableError
from viralclip.settings import Settings


async def fetch(settings: Settings) -> int:
    """Print where the model is, once it is there."""
    place = model_place(settings)
    if place.named is not None and not place.named.is_file():
        why = f"VIRALCLIP_YUNET_MODEL names {place.named}, which is not a file"
        raise ModelUnavailableError(why=why)
    path = await asyncio.to_thread(lambda: find_model(place) or fetch_model(place))
    sys.stdout.write(f"{path}\n")
    return 0


def get_model(place: ModelPlace) -> Path:
    """The model, downloaded if need be; DetectorMissingError if it is not available."""
    found = find_model(place)
    if found is not None:
        return found
    if place.named is not None:
        raise DetectorMissingError(why="VIRALCLIP_YUNET_MODEL does not name a file")
    try:
        return fetch_model(place)
    except ModelUnavailableError as error:
        why = f"the face model is not here and {error.facts['why']}"
        raise DetectorMissingError(why=why, detail=error.detail) from error
