"""What is found out about a source's audio tracks before anything is made of them."""

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from viralclip.audio_tracks import VOICE, AudioTrack, choose_tracks
from viralclip.media.probe import probe

RATE = 48_000
SECONDS = 6.0
Sound = NDArray[np.float64]
Film = Callable[..., Path]

_TIME = np.arange(int(SECONDS * RATE)) / RATE


def speech(seed: int, *, level: float = 0.1) -> Sound:
    """Noise in syllables, four a second, with pauses: no two seeds have anything in common."""
    random = np.random.default_rng(seed)
    syllables = np.clip(np.sin(2 * np.pi * (3.5 + seed / 10) * _TIME), 0, 1)
    phrases = ((_TIME + seed) % 2.7) < 1.9
    return level * random.normal(0, 1, _TIME.shape) * syllables * phrases


def music(seed: int, *, level: float = 0.1) -> Sound:
    random = np.random.default_rng(1000 + seed)
    return level * random.normal(0, 1, _TIME.shape)


def late(sound: Sound, seconds: float) -> Sound:
    return np.concatenate([np.zeros(int(seconds * RATE)), sound])[: len(sound)]


SILENCE = np.zeros_like(_TIME)


@pytest.fixture
def film(ffmpeg: Path, tmp_path: Path) -> Film:
    """`film(sound, ...)` has an audio track of each; `more` are options, `codecs` one for each."""

    def make(
        *sounds: Sound, more: tuple[str, ...] = (), codecs: tuple[str, ...] = (), name="film.mkv"
    ) -> Path:
        target = tmp_path / name
        picture = ("-f", "lavfi", "-i", f"testsrc2=s=64x36:r=10:d={SECONDS}")
        inputs, maps, encode = [], [], []
        for place, sound in enumerate(sounds):
            inputs += ["-i", str(_write(tmp_path / f"{place}.wav", sound))]
            maps += ["-map", f"{place + 1}:a"]
            encode += [f"-c:a:{place}", codecs[place] if codecs else "aac"]
        command = [str(ffmpeg), "-v", "error", "-y", *picture, *inputs, "-map", "0:v", *maps]
        command += ["-c:v", "libx264", "-preset", "ultrafast", *encode, *more, str(target)]
        subprocess.run(command, check=True, capture_output=True)
        return target

    return make


def _write(target: Path, sound: Sound) -> Path:
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return target


def tracks_of(path: Path) -> tuple[AudioTrack, ...]:
    return probe(path).video.audio_tracks


def heard(path: Path) -> tuple[int, ...]:
    return choose_tracks(tracks_of(path), VOICE).numbers


def test_the_level_of_each_track_is_known_and_which_is_speech(film: Film):
    silent, music_track, voice = tracks_of(film(SILENCE, music(1), speech(2)))

    assert (silent.is_audible, music_track.is_audible, voice.is_audible) == (False, True, True)
    assert music_track.level_db == pytest.approx(-20 - 8, abs=3)
    assert voice.speech > 0.3 > 2 * music_track.speech
    assert probe(film(SILENCE, music(1), speech(2))).sound.number == 3  # type: ignore[union-attr]


def test_tracks_that_have_nothing_in_common_are_all_heard(film: Film):
    assert heard(film(music(1), speech(2), speech(3))) == (1, 2, 3)


def test_a_mix_is_heard_instead_of_its_parts(film: Film):
    mix = speech(1) + music(2)

    assert heard(film(mix, speech(1), music(2))) == (1,)
    assert heard(film(speech(1), music(2), mix)) == (3,)


def test_a_loud_game_does_not_hide_that_the_voice_is_in_the_mix(film: Film):
    assert heard(film(speech(1, level=0.05) + music(2, level=0.2), speech(1, level=0.05))) == (1,)


@pytest.mark.parametrize("other", ["ac3", "pcm_s16le", "flac", "libmp3lame"])
def test_a_copy_in_another_codec_is_heard_once(film: Film, other: str):
    assert heard(film(speech(1), speech(1), codecs=("aac", other))) == (1,)


def test_a_microphone_that_hears_the_loudspeaker_later_is_a_track_of_its_own(film: Film):
    desktop = music(1)
    microphone = speech(2) + 0.3 * late(desktop, 0.02)

    assert heard(film(desktop, microphone)) == (1, 2)


def test_two_dubs_on_one_bed_of_music_are_not_heard_together(film: Film):
    bed = music(1, level=0.1)
    dubs = film(speech(2) + bed, speech(3) + bed, more=("-disposition:a:1", "default"))

    assert len(heard(dubs)) == 1


def test_names_languages_and_roles_are_read(film: Film):
    more = ("-metadata:s:a:0", "title=Mic", "-metadata:s:a:1", "language=deu")
    roles = ("-disposition:a:0", "default", "-disposition:a:2", "comment")
    first, second, third = tracks_of(film(speech(1), speech(2), speech(3), more=(*more, *roles)))

    assert (first.title, first.is_default, second.language) == ("Mic", True, "deu")
    assert third.role == "commentary"
    assert heard(film(speech(1), speech(2), speech(3), more=(*more, *roles))) == (1, 2)


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4", "film.mov", "film.ts"])
def test_a_track_that_is_announced_and_never_comes_is_no_track(film: Film, name: str):
    """Its stream is in the header, and every packet of it was dropped."""
    never = film(speech(1), speech(2), more=("-bsf:a:0", "noise=drop=1"), name=name)

    numbers = [track.number for track in tracks_of(never) if track.playable]
    assert len(numbers) == 1
    assert heard(never) == tuple(numbers)


def test_a_video_whose_only_track_never_comes_has_no_sound(film: Film):
    probed = probe(film(speech(1), more=("-bsf:a:0", "noise=drop=1")))

    assert not probed.video.has_audio
    assert (probed.sound, probed.sounds) == (None, ())
    assert [track.playable for track in probed.video.audio_tracks] == [False]


def test_a_track_of_which_only_its_beginning_is_missing_is_a_track(film: Film):
    assert heard(film(late(speech(1), 4.0), speech(2))) == (1, 2)
