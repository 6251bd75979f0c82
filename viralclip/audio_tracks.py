"""Which of a video's audio tracks a clip has: all that belong together, nothing twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from viralclip.errors import UnknownAudioTrackError

VOICE, ALL = "voice", "all"
# A track whose loudest parts are below this is silent, or as good as.
_AUDIBLE_DB = -60.0


class AudioTrack(BaseModel):
    """An audio track as people see it; `number` counts all of a file's audio tracks from 1.

    `language` and `title` are as tagged, or empty. `role` is empty, or what makes the track an
    extra: a commentary, an audio description. A track that is not `playable` has no sound in the
    file or no decoder. What was listened to: `level_db` is the level of its loud parts in dBFS,
    `speech` how much like speech it is (0 to 1), `part_of` the tracks whose sound already has this
    one's in it, `overlaps` those it shares some sound with. Both are empty and `level_db` is None
    where nothing was listened to, as where there is only one track.
    """

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    number: int
    codec: str
    channels: int
    language: str = ""
    title: str = ""
    role: str = ""
    is_default: bool = False
    playable: bool = True
    level_db: float | None = None
    speech: float = 0.0
    part_of: tuple[int, ...] = ()
    overlaps: tuple[int, ...] = ()

    @property
    def is_audible(self) -> bool:
        return self.level_db is None or self.level_db > _AUDIBLE_DB

    @property
    def name(self) -> str:
        label = self.title or self.role or self.language
        return f"{self.number} ({label})" if label else str(self.number)


@dataclass(frozen=True)
class LeftOut:
    """A track that is not heard, and why, as the end of a sentence."""

    track: AudioTrack
    why: str


@dataclass(frozen=True)
class Choice:
    """The tracks that are heard, mixed if there are several, and those that are not."""

    heard: tuple[AudioTrack, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(track.number for track in self.heard)

    def notes(self) -> tuple[str, ...]:
        """What a person should know who did not choose: what is mixed, and what is left out."""
        return (*self._mixed(), *(f"Audio track {x.track.name} {x.why}." for x in self.left_out))

    def _mixed(self) -> Iterator[str]:
        if len(self.heard) > 1:
            names = [track.name for track in self.heard]
            yield f"Audio tracks {', '.join(names[:-1])} and {names[-1]} are mixed."


def choose_tracks(tracks: Sequence[AudioTrack], wish: str) -> Choice:
    """The tracks for a wish: VOICE, ALL, or a track's number; UnknownAudioTrackError.

    VOICE is every track that was recorded to be heard together, so that no voice is lost whoever's
    track it is on. Of languages, copies and mixes of other tracks it is one; extras are left out.
    """
    playable = tuple(track for track in tracks if track.playable)
    if wish == ALL:
        return Choice(playable, tuple(_mute(tracks)))
    if wish == VOICE:
        heard, left_out = _voice(playable)
        return Choice(heard, (*left_out, *_mute(tracks)))
    heard = tuple(track for track in playable if str(track.number) == wish)
    if not heard:
        known = ", ".join([VOICE, ALL, *(str(track.number) for track in playable)])
        raise UnknownAudioTrackError(wish=wish, known=known)
    return Choice(heard, ())


def _mute(tracks: Sequence[AudioTrack]) -> Iterator[LeftOut]:
    for track in tracks:
        if not track.playable:
            yield LeftOut(track, "is left out: the file has no sound for it that can be played")


def _voice(
    playable: tuple[AudioTrack, ...],
) -> tuple[tuple[AudioTrack, ...], tuple[LeftOut, ...]]:
    plain = [track for track in playable if not track.role] or list(playable)
    order = sorted(plain, key=_rank)
    language = next((track.language for track in order if track.language), "")
    heard: list[AudioTrack] = []
    left_out = [LeftOut(t, "is left out: it is an extra") for t in playable if t not in plain]
    for track in order:
        has_it = next((one for one in heard if _share(one, track)), None)
        if track.language not in ("", language):
            left_out.append(LeftOut(track, "is left out: it is in another language"))
        elif has_it is not None:
            why = f"is left out: audio track {has_it.name} has the same sound"
            left_out.append(LeftOut(track, why))
        else:
            heard.append(track)
    in_file_order = sorted(heard, key=lambda track: track.number)
    return tuple(in_file_order), tuple(sorted(left_out, key=lambda x: x.track.number))


def _rank(track: AudioTrack) -> tuple[bool, bool, bool, float, int]:
    """Audible ones first, then what holds the others, the default, what is most like speech."""
    return (
        not track.is_audible,
        bool(track.part_of),
        not track.is_default,
        -track.speech,
        track.number,
    )


def _share(one: AudioTrack, other: AudioTrack) -> bool:
    return other.number in (*one.part_of, *one.overlaps) or one.number in (
        *other.part_of,
        *other.overlaps,
    )
