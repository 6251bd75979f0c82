"""`viralclip models`: those of faces and of speech, which are not ours to bundle."""

import asyncio
import sys

from viralclip.analysis.models import fetch_model, find_model
from viralclip.app.openers import model_place, speech_choice
from viralclip.errors import ModelUnavailableError
from viralclip.settings import Settings
from viralclip.speech.recogniser import fetch_model as fetch_speech_model


async def fetch(settings: Settings, name: str | None = None) -> int:
    """Print where the model is, once it is there; without a name it is the face model."""
    if name is not None:
        choice = speech_choice(settings)
        path = await asyncio.to_thread(fetch_speech_model, choice, name)
        sys.stdout.write(f"{path}\n")
        return 0
    place = model_place(settings)
    if place.named is not None and not place.named.is_file():
        why = f"VIRALCLIP_YUNET_MODEL names {place.named}, which is not a file"
        raise ModelUnavailableError(why=why)
    path = await asyncio.to_thread(lambda: find_model(place) or fetch_model(place))
    sys.stdout.write(f"{path}\n")
    return 0
