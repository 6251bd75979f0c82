"""`viralclip models`: the face model, which is not ours to bundle."""

import asyncio
import sys

from viralclip.analysis.models import fetch_model, find_model
from viralclip.app.openers import model_place
from viralclip.errors import ModelUnavailableError
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
