"""Sound for tests: speech put together word by word from a synthesiser, so that it is known when
each word is said."""

import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from viralclip.speech.port import SAMPLE_RATE
from viralclip.speech.sound import Samples

SYNTHESISER = "espeak-ng"
_RATE = 22_050
_HEADER = 44
# Seconds between words, over and over: as in speech, most are short and some end a phrase.
_PAUSES = (0.05, 0.12, 0.08, 0.4)
_LEAD_S = 0.5


@dataclass(frozen=True)
class Said:
    """A word and when it is said."""

    text: str
    start: float
    end: float


def has_synthesiser() -> bool:
    return shutil.which(SYNTHESISER) is not None


def assemble(text: str, *, voice: str, speed: int) -> tuple[Samples, list[Said]]:
    """The sound of the words of the text, with pauses between, and when each is said."""
    parts = [_silence(_LEAD_S)]
    said: list[Said] = []
    at = len(parts[0])
    for place, word in enumerate(text.split()):
        sound, pause = _say(word, voice, speed), _silence(_PAUSES[place % len(_PAUSES)])
        said.append(Said(word, at / SAMPLE_RATE, (at + len(sound)) / SAMPLE_RATE))
        parts += [sound, pause]
        at += len(sound) + len(pause)
    return np.concatenate([*parts, _silence(_LEAD_S)]), said


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def _say(word: str, voice: str, speed: int) -> Samples:
    """One word without the silence around it."""
    command = [SYNTHESISER, "-v", voice, "-s", str(speed), "--stdout", word]
    made = subprocess.run(command, check=True, capture_output=True).stdout
    said = np.frombuffer(made[_HEADER:], "<i2").astype(np.float32) / np.float32(32768)
    loud = np.flatnonzero(np.convolve(said**2, np.full(110, 1 / 110), "same") > 1e-5)
    return _resampled(said[loud[0] : loud[-1] + 1])


def _resampled(said: NDArray[np.float32]) -> Samples:
    frame = av.AudioFrame.from_ndarray(said.reshape(1, -1), "flt", "mono")
    frame.sample_rate = _RATE
    ear = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    parts = [part for each in (frame, None) for part in ear.resample(each)]
    return np.concatenate([part.to_ndarray().ravel() for part in parts]).astype(np.float32)


def write_wave(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return path
