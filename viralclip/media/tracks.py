"""A source's audio tracks: what is announced, what of it can be played, and what it sounds like."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from viralclip.audio_tracks import VOICE, AudioTrack, choose_tracks

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.layout import AudioLayout
    from av.audio.stream import AudioStream
    from av.container import InputContainer

_ROLES = {
    "comment": "commentary",
    "visual_impaired": "audio description",
    "descriptions": "audio description",
    "hearing_impaired": "for the hard of hearing",
    "karaoke": "karaoke",
    "lyrics": "lyrics",
    "clean_effects": "effects alone",
    "non_diegetic": "extra sound",
}
_UNDEFINED = frozenset({"und", "mis", "mul", "zxx", "qaa"})
# What writers put where a title would be.
_NO_TITLE = frozenset({"soundhandler", "sound media handler", "core media audio", "stereo", "mono"})


@dataclass(frozen=True)
class Sound:
    """An audio stream that can be decoded: `number` as in AudioTrack, `layout` in FFmpeg's names.

    `layout` is empty where the file does not say which speaker a channel belongs to.
    """

    number: int
    stream: int
    channels: int
    rate: int
    codec: str
    layout: tuple[str, ...] = ()
    layout_name: str = ""


def find_sounds(container: "InputContainer") -> tuple[Sound, ...]:
    """The audio streams for which there is a decoder, whether anything comes in them or not."""
    return tuple(
        _sound(number, stream)
        for number, stream in enumerate(container.streams.audio, start=1)
        if stream.codec_context is not None and stream.codec_context.channels
    )


def announced_tracks(container: "InputContainer") -> tuple[AudioTrack, ...]:
    """Every audio track as the file describes it; nothing is read or decoded."""
    decodable = {sound.number for sound in find_sounds(container)}
    return tuple(
        _announced(number, stream, playable=number in decodable)
        for number, stream in enumerate(container.streams.audio, start=1)
    )


def main_sound(sounds: Sequence[Sound], tracks: Sequence[AudioTrack]) -> Sound | None:
    """The one stream that stands for the whole sound, where only one can be listened to."""
    heard = choose_tracks(tracks, VOICE).heard
    best = max(heard, key=lambda t: (t.is_audible, t.speech, t.is_default, -t.number), default=None)
    return next((sound for sound in sounds if best and sound.number == best.number), None)


def with_kind(sound: Sound, frame: "AudioFrame") -> Sound:
    """The sound with the rate and the channels that a frame of it has."""
    return replace(
        sound,
        channels=frame.layout.nb_channels,
        rate=frame.sample_rate,
        **_layout(frame.layout),
    )


def _layout(layout: "AudioLayout") -> dict[str, Any]:
    names = tuple(channel.name for channel in layout.channels)
    known = "NONE" not in names
    return {"layout": names if known else (), "layout_name": layout.name if known else ""}


def _sound(number: int, stream: "AudioStream") -> Sound:
    context = stream.codec_context
    return Sound(
        number=number,
        stream=stream.index,
        channels=context.channels,
        rate=context.sample_rate,
        codec=context.name,
        **_layout(context.layout),
    )


def _announced(number: int, stream: "AudioStream", *, playable: bool) -> AudioTrack:
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    title = next((tags[key] for key in ("title", "name", "handler_name") if tags.get(key)), "")
    language = (tags.get("language") or "").lower()
    flags = stream.disposition
    context = stream.codec_context
    return AudioTrack(
        number=number,
        codec=context.name if context is not None else "",
        channels=context.channels if context is not None else 0,
        language="" if language in _UNDEFINED else language,
        title="" if title.strip().lower() in _NO_TITLE else title.strip(),
        role=next((role for flag, role in _ROLES.items() if flags & getattr(flags, flag)), ""),
        is_default=bool(flags & flags.default),
        playable=playable,
    )
