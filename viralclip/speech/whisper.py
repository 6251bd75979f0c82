"""Whisper by faster-whisper: many languages, on any processor; it looks for speech first."""

import importlib.metadata
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viralclip.errors import NotInstalledError, SpeechModelUnavailableError
from viralclip.speech.port import Heard, Listener
from viralclip.words.scripts import is_unspaced
from viralclip.words.transcript import MAX_WORD, Word

if TYPE_CHECKING:
    from viralclip.speech.port import Samples

_PACKAGE = "faster-whisper"
# What decides what is heard and is no part of the package; to change it makes all pieces anew.
_RECIPE = 1
# Shorter pauses belong to a phrase, and what is left of silence makes Whisper invent words.
_VAD = {"min_silence_duration_ms": 500, "speech_pad_ms": 200}
_BEAM = 5
# Models for English alone have one word less than the others: they need not say which language.
_ENGLISH_VOCABULARY = 51_864
_CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he"
    " hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne"
    " nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk"
    " ur uz vi yi yo yue zh"
)
_LANGUAGES = tuple(_CODES.split())
# Cantonese came last, with a word of its own.
_LAST, _WITH_LAST = "yue", 51_866


class FasterWhisper:
    """The engine that `viralclip-scenes[speech]` brings."""

    name = "faster-whisper"
    default_model = "small"

    def version(self) -> str:
        try:
            versions = [importlib.metadata.version(name) for name in (_PACKAGE, "ctranslate2")]
        except importlib.metadata.PackageNotFoundError as error:
            raise NotInstalledError(package=_PACKAGE, extra="speech") from error
        return "-".join((*versions, str(_RECIPE)))

    def find_model(self, name: str, folder: Path) -> Path | None:
        kept = folder / name.replace("/", "--")
        if (kept / "model.bin").is_file():
            return kept
        return _in_cache_of_others(name)

    def languages(self, model: Path) -> tuple[str, ...]:
        size = _vocabulary_size(model)
        if size is None:
            return ()
        if size <= _ENGLISH_VOCABULARY:
            return ("en",)
        return tuple(each for each in _LANGUAGES if each != _LAST or size >= _WITH_LAST)

    def fetch_model(self, name: str, folder: Path) -> Path:
        self.version()
        from faster_whisper.utils import download_model  # noqa: PLC0415 - an extra

        target = folder / name.replace("/", "--")
        try:
            download_model(name, output_dir=str(target))
        except ValueError as error:
            known = ", ".join(known_models())
            why = f"there is none of that name; choose from {known}"
            raise SpeechModelUnavailableError(name=name, why=why) from error
        except Exception as error:
            why = "it cannot be downloaded; check the network, or name a folder that holds one"
            raise SpeechModelUnavailableError(name=name, why=why, detail=repr(error)) from error
        return target

    def open(self, model: Path, *, threads: int) -> Listener:
        return _WhisperListener(model, threads=threads)


class _WhisperListener:
    def __init__(self, model: Path, *, threads: int) -> None:
        import ctranslate2  # noqa: PLC0415 - an extra, and slow to import
        from faster_whisper import WhisperModel  # noqa: PLC0415 - the same

        # ONNX Runtime warns of every graphics card that it does not find.
        logging.getLogger("faster_whisper").setLevel(logging.ERROR)
        on_gpu = ctranslate2.get_cuda_device_count() > 0
        self._model = WhisperModel(
            str(model),
            device="cuda" if on_gpu else "cpu",
            compute_type="float16" if on_gpu else "int8",
            cpu_threads=threads or _cores(),
            local_files_only=True,
        )

    def listen(self, sound: "Samples", *, language: str) -> Heard:
        segments, info = self._model.transcribe(
            sound,
            language=language or None,
            beam_size=_BEAM,
            # One wrong phrase is not to lead to the next.
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=True,
            vad_parameters=_VAD,
        )
        words = tuple(word for segment in segments for word in _words(segment.words or ()))
        return Heard(words, info.language if words else "")


def _vocabulary_size(model: Path) -> int | None:
    """How many words the model's vocabulary has; None where there is none to be read."""
    try:
        if (listed := model / "vocabulary.json").is_file():
            return len(json.loads(listed.read_bytes()))
        return len((model / "vocabulary.txt").read_bytes().removesuffix(b"\n").split(b"\n"))
    except (OSError, ValueError, TypeError):
        return None


def _cores() -> int:
    """How many cores this process may use: what the engine chooses itself is four, or one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _words(parts: Iterable[Any]) -> list[Word]:
    """The words of a segment; a part without a space before it belongs to the one before."""
    words: list[Word] = []
    for part in parts:
        text = part.word.strip()
        if not text:
            continue
        joins = not part.word.startswith(" ") and bool(words)
        word = Word(
            text=text[:MAX_WORD],
            start=max(part.start, 0.0),
            end=max(part.end, part.start, 0.0),
            confidence=min(max(part.probability, 0.0), 1.0),
        )
        if joins and _is_of_one_word(words[-1].text, text):
            words[-1] = _together(words[-1], word)
        else:
            words.append(word.model_copy(update={"joined": joins}))
    return words


def _is_of_one_word(before: str, text: str) -> bool:
    """Whether both are of a script that has spaces between words: `YouTube` and `-Kanal`."""
    return not is_unspaced(before[-1]) and not is_unspaced(text[0])


def _together(one: Word, other: Word) -> Word:
    return one.model_copy(
        update={
            "text": (one.text + other.text)[:MAX_WORD],
            "end": max(one.end, other.end),
            "confidence": min(one.confidence or 0.0, other.confidence or 0.0),
        }
    )


def known_models() -> list[str]:
    """The names that can be fetched; none where the package is not installed."""
    try:
        from faster_whisper.utils import available_models  # noqa: PLC0415 - an extra
    except ImportError:
        return []
    return available_models()


def _in_cache_of_others(name: str) -> Path | None:
    """A model that another program of this user's has downloaded: Hugging Face keeps it for all."""
    try:
        from faster_whisper.utils import download_model  # noqa: PLC0415 - an extra

        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        return Path(download_model(name, local_files_only=True))
    except Exception:  # noqa: BLE001 - whatever is wrong with that cache, the model is not there
        return None
