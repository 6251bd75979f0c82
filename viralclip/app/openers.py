"""Opens what reads and stores videos and clips, from settings."""

from collections.abc import Callable
from functools import lru_cache

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import YUNET_URL, ModelPlace
from viralclip.media.probe import identity
from viralclip.pipeline.tools import SpeechTools
from viralclip.processes.runner import Watchdogs
from viralclip.settings import Settings
from viralclip.speech.alignments import Alignments
from viralclip.speech.recogniser import SpeechChoice, find_recogniser
from viralclip.speech.registry import DEFAULT
from viralclip.speech.transcripts import Transcripts
from viralclip.storage.objects import Storage
from viralclip.storage.opening import open_storage
from viralclip.storage.sources import Sources


def open_analyses(
    settings: Settings, *, threads: int, on_start: Callable[[int], None] | None = None
) -> Analyses:
    return Analyses(settings.state.analyses, threads=threads, limits=Watchdogs(), on_start=on_start)


def open_transcripts(
    settings: Settings, *, on_start: Callable[[int], None] | None = None
) -> Transcripts:
    return Transcripts(settings.state.transcripts, on_start=on_start)


def open_alignments(
    settings: Settings, *, on_start: Callable[[int], None] | None = None
) -> Alignments:
    return Alignments(settings.state.transcripts, on_start=on_start)


def open_speech(
    settings: Settings, *, on_start: Callable[[int], None] | None = None
) -> SpeechTools:
    """One scene is listened to at a time, with every core there is."""
    choice = speech_choice(settings)
    return SpeechTools(
        open_transcripts(settings, on_start=on_start),
        open_alignments(settings, on_start=on_start),
        find=lambda: find_recogniser(choice),
        name=choice.name,
    )


def speech_choice(settings: Settings) -> SpeechChoice:
    """The engine and the model that the settings name."""
    return SpeechChoice(
        engine=settings.speech.engine or DEFAULT,
        model=settings.speech.model,
        folder=settings.state.models / "speech",
    )


def open_sources(settings: Settings, opener: Callable[[str], Storage]) -> Sources:
    return Sources(
        settings.state.sources,
        most_bytes=settings.storage.source_cache_bytes,
        open_storage=opener,
        identify=identity,
    )


def model_place(settings: Settings) -> ModelPlace:
    url = settings.rendering.yunet_url or YUNET_URL
    return ModelPlace(settings.state.models, named=settings.rendering.yunet_model, url=url)


def storage_opener(settings: Settings) -> Callable[[str], Storage]:
    """Opens a storage by its URL, each once: its connections are kept for the next clip."""

    def opened(url: str) -> Storage:
        return open_storage(
            url,
            timeout_s=settings.storage.timeout_s,
            public=settings.storage.public,
            # The state folder is nobody else's; any other is as its user likes.
            umask=None if url.startswith(settings.state.folder.as_uri()) else settings.state.umask,
        )

    return lru_cache(maxsize=32)(opened)
