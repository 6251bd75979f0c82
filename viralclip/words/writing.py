"""Words to the files that players and editors read: SRT, WebVTT and our own JSON."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from viralclip.timecode import format_clock
from viralclip.words.transcript import Transcript, Word, spelled

FORMATS = ("srt", "vtt", "json")
# What a reader would take for markup: a tag, an override, an entity, the arrow between two times.
_MARKUP = re.compile(r"&(?=#?\w{1,32};?)|<(?=/?[A-Za-z]|\d[\d:.,]*>)|(?<=\{)\\|(?<=-)>")
_CHARS = 42
_SECONDS = 6.0
_PAUSE = 0.8
_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")  # noqa: RUF001 - meant


@dataclass(frozen=True)
class Line:
    """Words that are shown together."""

    words: tuple[Word, ...]

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return max(word.end for word in self.words)


def write_transcript(transcript: Transcript, kind: str) -> str:
    """The text of a file of one of FORMATS; the JSON alone holds all that is known of the words."""
    match kind:
        case "srt":
            return "\n".join(_srt(lines_of(transcript.words)))
        case "vtt":
            return "\n".join(_vtt(lines_of(transcript.words), transcript.language))
        case "json":
            return transcript.model_dump_json(indent=1) + "\n"
        case _:
            raise ValueError(f"{kind} is not one of {', '.join(FORMATS)}")


def lines_of(words: Sequence[Word]) -> list[Line]:
    """The words in lines as subtitles have them: those that were given, else up to 42 letters,
    six seconds, a pause, another speaker or the end of a sentence."""
    lines: list[list[Word]] = []
    for word in words:
        if lines and not _ends(lines[-1], word):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [Line(tuple(line)) for line in lines]


def _ends(line: Sequence[Word], following: Word) -> bool:
    last = line[-1]
    if last.break_after is not None:
        return last.break_after
    return (
        last.speaker != following.speaker
        or following.start - last.end > _PAUSE
        or following.end - line[0].start > _SECONDS
        or (last.text.endswith(_SENTENCE_ENDS) and len(line) > 1)
        or len(spelled((*line, following))) > _CHARS
    )


def _srt(lines: Sequence[Line]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        start, end = (format_clock(time, point=",") for time in (line.start, line.end))
        yield f"{number}\n{start} --> {end}\n{escaped(spelled(line.words))}\n"


def _vtt(lines: Sequence[Line], language: str) -> Iterator[str]:
    yield f"WEBVTT\nLanguage: {language}\n" if language else "WEBVTT\n"
    for line in lines:
        speaker = line.words[0].speaker
        voice = f"<v {escaped(_plain_name(speaker))}>" if speaker else ""
        start, end = format_clock(line.start), format_clock(line.end)
        yield f"{start} --> {end}\n{voice}{_stamped(line)}\n"


def _plain_name(name: str) -> str:
    return " ".join(name.replace("<", " ").replace(">", " ").split())


def _stamped(line: Line) -> str:
    """Each word behind the time it starts at, and before the time it ends, where those differ."""
    text = escaped(line.words[0].text)
    for before, word in pairwise(line.words):
        space = "" if word.joined else " "
        starts, ended = format_clock(word.start), format_clock(before.end)
        pause = f"<{ended}>" if before.end < word.start and ended != starts else ""
        text += f"{pause}{space}<{starts}>{escaped(word.text)}"
    return text


def escaped(text: str) -> str:
    """Text that reads as itself, whatever is in it, in SRT and in WebVTT."""
    return _MARKUP.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    following = match.string[match.start() :]
    is_text = match[0] == "&" and html.unescape(following) == following
    return "&" if is_text else f"&#{ord(match[0])};"
