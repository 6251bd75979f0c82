"""What a source file holds: the video of the plan, and the facts a render needs besides."""

import hashlib
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import av.error

from viralclip.errors import SourceMissingError, SourceNotVideoError
from viralclip.geometry import Rect, Size
from viralclip.media.chapters import Chapter, read_chapters
from viralclip.media.colours import Colours
from viralclip.media.cropping import find_cropping
from viralclip.media.extent import find_end, seconds_of
from viralclip.media.jumps import find_jumps
from viralclip.media.limits import check_limits, open_source, refusal_of
from viralclip.media.orientation import Orientation
from viralclip.media.packets import zero_of
from viralclip.media.rate import Rate, find_rate
from viralclip.media.start_timecode import start_timecode
from viralclip.media.survey import survey
from viralclip.media.tracks import Sound, announced_tracks, find_sounds, main_sound
from viralclip.plan import Video

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# A playlist that calls itself video.mp4 could make FFmpeg read other files of this machine.
_SCRIPTS = frozenset({"hls", "concat", "dash", "imf", "sdp", "rtsp", "tty", "image2", "ffmetadata"})
_BLOCK_BYTES = 64 * 1024
_INCOMPLETE = "The video is incomplete: it ends before its own index says."
_BLOCKS = 16
# What is left of an address when it has been taken for a path.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")


@dataclass(frozen=True)
class Picture:
    """The video stream to use, and how its stored pictures become those that are shown.

    Of a picture of `stored` size the part `shown` is made `sar` times as wide, then turned.
    """

    stream: int
    stored: Size
    shown: Rect
    sar: Fraction
    orientation: Orientation
    colours: Colours
    rate: Rate

    @property
    def size(self) -> Size:
        """The display size: upright, in square pixels."""
        width, height = self.shown.width, self.shown.height
        if self.sar > 1:
            width = round(width * self.sar)
        else:
            height = round(height / self.sar)
        return self.orientation.turn_size(Size(width, height))


@dataclass(frozen=True)
class Probed:
    """A source, as far as it was looked at: `truncated` says that its end is missing.

    `zero` is what its own clock shows at the start; all other times count from there.
    `sounds` are the audio streams that can be played, `sound` the one of them that stands for all.
    """

    video: Video
    zero: float
    picture: Picture
    sound: Sound | None
    sounds: tuple[Sound, ...]
    chapters: tuple[Chapter, ...]
    truncated: bool

    @property
    def path(self) -> Path:
        return Path(self.video.path)

    @property
    def fps(self) -> Fraction:
        """The constant rate that clips of this source are rendered at."""
        return Fraction(self.video.fps)

    def on_frame(self, seconds: float) -> float:
        """The time of the frame nearest to `seconds`, where clips have the source's own frames.

        Cutting on a frame keeps sound and picture together and lets an analysis agree with the
        render about which frame is which.
        """
        rate = self.picture.rate
        if not rate.constant or rate.is_slow:
            return seconds
        frames = round((seconds - rate.frame) * rate.stored)
        return max(0.0, float(rate.frame + frames / rate.stored))


def probe(path: Path) -> Probed:
    """Looks into `path` and decodes one frame of it; SourceMissingError or SourceNotVideoError."""
    name = path.name or str(path)
    try:
        if not path.exists():
            raise SourceMissingError(name=name, **_why_missing(path))
        if not path.is_file():
            raise SourceNotVideoError(name=name, why=_why_no_file(path))
        if not path.stat().st_size:
            raise SourceNotVideoError(name=name, why="it is empty")
        return _probe(_lasting(path), identity(path))
    except av.error.InvalidDataError as error:
        why = "its format is not known here, or it is damaged or cut short"
        raise refusal_of(path, error, why=why) from error
    except (av.error.FFmpegError, OSError, ValueError, EOFError) as error:
        raise refusal_of(path, error) from error


def _lasting(path: Path) -> Path:
    """A path that other processes find the file at: /dev/stdin is theirs there."""
    absolute = path.absolute()
    return absolute.resolve() if absolute.parts[1:2] in (("dev",), ("proc",)) else absolute


def _why_missing(path: Path) -> dict[str, str]:
    """What is known of a path that leads to no file; nothing for what is just not there."""
    if path.is_symlink():
        return {"why": "is a link that leads to no file; make it anew, or give the file itself"}
    if str(path) == "-":
        return {"why": "is not read from a pipe; save it as a file and give that"}
    scheme = _ADDRESS.match(str(path))
    if scheme is None:
        return {}
    if scheme[1].lower() == "file":
        return {"why": "is given as an address; give the path without file://"}
    return {"why": f"is at an address ({scheme[1]}); download it and give the file"}


def _why_no_file(path: Path) -> str:
    if path.is_dir():
        return "it is a folder; give one of the videos in it"
    return "it is a pipe or a device; save it as a file and give that"


@lru_cache(maxsize=64)
def _probe(path: Path, content: str) -> Probed:
    """Every clip asks anew, mostly about the same file."""
    with open_source(path) as container:
        return _look(container, path, content)


def identity(path: Path) -> str:
    """A name for the file's present content, cheap enough to ask before each clip."""
    try:
        stat = path.stat()
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(_BLOCK_BYTES))
            file.seek(max(0, stat.st_size - _BLOCK_BYTES))
            digest.update(file.read(_BLOCK_BYTES))
    except OSError as error:
        raise SourceMissingError(name=path.name, detail=str(error)) from error
    digest.update(f"{stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def content_of(path: Path) -> str:
    """A name for what the file holds, whatever it is called and whenever it was written to.

    The size and blocks from all over it, for a whole recording takes minutes to read.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for block in range(_BLOCKS):
            file.seek(max(0, size - _BLOCK_BYTES) * block // (_BLOCKS - 1))
            digest.update(file.read(_BLOCK_BYTES))
    return digest.hexdigest()[:32]


def _look(container: "InputContainer", path: Path, content: str) -> Probed:
    check_limits(container, path.name)
    if _SCRIPTS & set(container.format.name.split(",")):
        why = "it is a list of other files; give one of those"
        raise SourceNotVideoError(name=path.name, why=why, detail=container.format.name)
    stream = _video_stream(container)
    if stream is None:
        raise SourceNotVideoError(name=path.name, why=_why_no_picture(container))
    frame = next(container.decode(stream), None)
    if frame is None:
        why = "none of its pictures can be decoded; check that the file is complete"
        raise refusal_of(path, ValueError("no frame could be decoded"), why=why)
    # Of a recording whose length nobody wrote down, all has to be read for it: once.
    seconds = seconds_of(container, stream)
    picture = _picture(path, container, stream, frame, seconds)
    tracks, sounds = announced_tracks(container), find_sounds(container)
    heard = [container.streams[sound.stream] for sound in sounds]
    end, truncated = find_end(container, stream, heard, seconds=seconds, held=picture.rate.holds)
    size = path.stat().st_size
    tracks = survey(container, tracks, sounds, duration=end, size=size)
    comes = {track.number for track in tracks if track.playable}
    sounds = tuple(sound for sound in sounds if sound.number in comes)
    video = Video(
        name=path.name,
        path=str(path),
        width=picture.size.width,
        height=picture.size.height,
        duration=end,
        fps=str(picture.rate.of_clips),
        has_audio=bool(sounds),
        identity=content,
        audio_tracks=tracks,
        jumps=find_jumps(container, stream),
        timecode=start_timecode(container),
        notes=(_INCOMPLETE,) if truncated else (),
        content=content_of(path),
        codec=stream.codec_context.name,
        bit_rate=_bit_rate(stream, size=size, seconds=end),
    )
    sound = main_sound(sounds, tracks)
    return Probed(
        video, zero_of(container), picture, sound, sounds, read_chapters(container), truncated
    )


def _bit_rate(stream: "VideoStream", *, size: int, seconds: float) -> float:
    """The picture's bits per second: as it says, or those of the whole file."""
    said = stream.codec_context.bit_rate or 0
    return float(said) if said > 0 else round(size * 8 / max(seconds, 1.0), 1)


def _video_stream(container: "InputContainer") -> "VideoStream | None":
    """The default or first video stream; cover art is an attached picture, not a video."""
    films = [
        stream
        for stream in container.streams.video
        if not stream.disposition & stream.disposition.attached_pic
    ]
    chosen = [stream for stream in films if stream.disposition & stream.disposition.default]
    return next(iter(chosen or films), None)


def _why_no_picture(container: "InputContainer") -> str:
    if container.streams.video:
        return "it has sound and a cover, but no moving picture"
    return "it has sound, but no picture" if container.streams.audio else "it has no picture"


def _picture(
    path: Path,
    container: "InputContainer",
    stream: "VideoStream",
    frame: "VideoFrame",
    seconds: float,
) -> Picture:
    stored = Size(frame.width, frame.height)
    return Picture(
        stream=stream.index,
        stored=stored,
        shown=find_cropping(path, container, stream, stored),
        sar=_sar(stream),
        orientation=_orientation(frame),
        colours=Colours.of(frame),
        rate=find_rate(container, stream, first=_first(container, frame), seconds=seconds),
    )


def _orientation(frame: "VideoFrame") -> Orientation:
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return Orientation() if matrix is None else Orientation.of_matrix(bytes(matrix))


def _sar(stream: "VideoStream") -> Fraction:
    """Pixels that are square but for a rounding somewhere are square."""
    stored = stream.sample_aspect_ratio or Fraction(1)
    return Fraction(1) if abs(stored - 1) < Fraction(1, 200) else stored


def _first(container: "InputContainer", frame: "VideoFrame") -> float:
    return max(0.0, (frame.time or 0.0) - zero_of(container))
