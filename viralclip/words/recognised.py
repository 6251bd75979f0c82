"""JSON that recognisers of speech write, to cues: which tool wrote it is seen from its keys."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import cast

from viralclip.errors import Fault
from viralclip.scene_lists.json_lists import parsed_json
from viralclip.scene_lists.rows import SceneList, shown
from viralclip.words.cues import Cue, Cues, Piece
from viralclip.words.scripts import is_unspaced

_Fields = Mapping[str, object]
_KNOWN = "Whisper, faster-whisper, WhisperX, whisper.cpp, Deepgram and AssemblyAI"
_MS = 0.001
# Words last some tenths of a second: whole numbers above this are thousandths.
_LEAST_MS = 20


def read_recognised(source: SceneList) -> Cues:
    """The segments of Whisper and its kin, the utterances of Deepgram and AssemblyAI, or words."""
    document = parsed_json(source.text)
    if isinstance(document, Fault):
        return Cues([document])
    fields = {"segments": document} if _is_list(document) else _fields(document)
    for key, read in _READERS:
        if key in fields:
            return read(fields)
    return Cues([Fault("", f"the JSON is no transcript; known are those of {_KNOWN}")])


@dataclass(frozen=True)
class _Keys:
    """What a tool calls the fields of a word, and how many seconds its numbers count."""

    text: tuple[str, ...] = ("word", "text")
    start: str = "start"
    end: str = "end"
    confidence: tuple[str, ...] = ("probability", "score", "confidence")
    unit: float = 1.0


_SECONDS = _Keys()


def _read_whisper(document: _Fields) -> Cues:
    """Words where there are some, else the segments' text."""
    segments = list(_items(document["segments"], "segments"))
    if "words" in document and not any("words" in item for _, item in segments):
        segments = [("", {"words": _punctuated(document["words"], segments)})]
    entries: list[Cue | Fault] = []
    for path, item in segments:
        entries += _said(item, path, _SECONDS)
    return Cues(entries, language=_string(document.get("language")))


def _punctuated(words: object, segments: Sequence[tuple[str, _Fields]]) -> object:
    """OpenAI's words, which stand beside the segments, as the segments write them."""
    written = " ".join(_string(item.get("text")) for _, item in segments).split()
    timed = [item for _, item in _items(words, "words")]
    if len(written) != len(timed):
        return words
    return [{**item, "word": text} for item, text in zip(timed, written, strict=True)]


def _read_whisper_cpp(document: _Fields) -> Cues:
    """Segments with `offsets` in milliseconds; tokens, where they were asked for, in them."""
    keys = _Keys(unit=_MS)
    entries: list[Cue | Fault] = []
    for path, item in _items(document["transcription"], "transcription"):
        flat = _from_offsets(item)
        tokens = item.get("tokens")
        if isinstance(tokens, list):
            words = [_from_offsets(_fields(token)) for token in cast("list[object]", tokens)]
            flat["words"] = [word for word in words if not _is_mark(word)]
        entries += _said(flat, path, keys)
    language = _string(_fields(document.get("result")).get("language"))
    return Cues(entries, language=language)


def _from_offsets(item: _Fields) -> dict[str, object]:
    offsets = _fields(item.get("offsets"))
    return {**item, "start": offsets.get("from"), "end": offsets.get("to")}


def _is_mark(word: _Fields) -> bool:
    """Whisper's own marks, such as [_BEG_] and [_TT_50], are no words."""
    return _string(word.get("text")).strip().startswith("[_")


def _read_deepgram(document: _Fields) -> Cues:
    """Utterances if they were asked for, else the words of the best alternative of each channel."""
    keys = _Keys(text=("punctuated_word", "word"))
    results = _fields(document["results"])
    if isinstance(results.get("utterances"), list):
        items = _items(results["utterances"], "results.utterances")
    else:
        items = _best_alternatives(results)
    entries: list[Cue | Fault] = []
    language = ""
    for path, item in items:
        language = language or _string(item.get("language"))
        entries += _said({**item, "text": item.get("transcript")}, path, keys)
    return Cues(entries, language=language)


def _best_alternatives(results: _Fields) -> Iterator[tuple[str, _Fields]]:
    channels = list(_items(results.get("channels"), "results.channels"))
    for path, channel in channels:
        for inner, best in list(_items(channel.get("alternatives"), f"{path}.alternatives"))[:1]:
            number = path.rpartition("[")[2].rstrip("]")
            # Each speaker of a call has a channel of their own.
            speaker = f"Channel {number}" if len(channels) > 1 else None
            language = channel.get("detected_language")
            yield inner, {**best, "speaker": speaker, "language": language}


def _read_words(document: _Fields) -> Cues:
    """AssemblyAI's utterances or words, in milliseconds; others' words, in seconds."""
    items = document["words"]
    keys = replace(_SECONDS, unit=_MS if _in_ms(items) else 1.0)
    entries: list[Cue | Fault] = []
    if isinstance(document.get("utterances"), list):
        for path, item in _items(document["utterances"], "utterances"):
            entries += _said(item, path, keys)
    else:
        entries += _said({"words": items}, "", keys)
    language = _string(document.get("language_code") or document.get("language"))
    return Cues(entries, language=language.replace("_", "-"))


def _in_ms(items: object) -> bool:
    words = [_fields(item) for item in cast("list[object]", items)] if _is_list(items) else []
    times = [(word.get("start"), word.get("end")) for word in words]
    whole = [(one, two) for one, two in times if isinstance(one, int) and isinstance(two, int)]
    is_whole = len(whole) == len(times) > 0
    return is_whole and median(two - one for one, two in whole) >= _LEAST_MS


def _said(item: _Fields, path: str, keys: _Keys) -> Iterator[Cue | Fault]:
    """A cue for each speaker in turn; without words it is the text from the item's start to end."""
    words = item.get("words")
    if words is None or words == []:
        yield from _line(item, path, keys)
        return
    inner = f"{path}.words" if path else "words"
    turns: list[tuple[str | None, str, list[Piece]]] = []
    for at, word in _items(words, inner):
        piece = _piece(word, at, keys)
        if isinstance(piece, Fault):
            yield piece
            continue
        speaker = _speaker(word.get("speaker", item.get("speaker")))
        if not turns or turns[-1][0] != speaker:
            turns.append((speaker, at, []))
        turns[-1][2].append(piece)
    yield from _turns(turns, item, path, keys)


def _turns(
    turns: Sequence[tuple[str | None, str, list[Piece]]], item: _Fields, path: str, keys: _Keys
) -> Iterator[Cue | Fault]:
    """Cues that last from the first time known of their words to the last."""
    # One turn alone lasts as long as the item, whose first or last word may have no time.
    around = [_time(item, name, "", keys) for name in ("start", "end")] if len(turns) == 1 else []
    for speaker, at, pieces in turns:
        times = [*around, *(time for piece in pieces for time in (piece.start, piece.end))]
        known = [time for time in times if isinstance(time, float)]
        if known:
            cue = Cue(path or at, min(known), max(known), _spaced(pieces), speaker, is_line=False)
            yield cue
        else:
            yield Fault(at, "no word here has a time")


def _line(item: _Fields, path: str, keys: _Keys) -> Iterator[Cue | Fault]:
    text = item.get("text")
    if not isinstance(text, str):
        yield Fault(f"{path}.text", f"{shown(text)} is not text")
        return
    start, end = (_time(item, name, f"{path}.{name}", keys) for name in ("start", "end"))
    for time in (start, end):
        if isinstance(time, Fault):
            yield time
    if start is None or end is None:
        yield Fault(path, "start or end is missing")
    elif not isinstance(start, Fault) and not isinstance(end, Fault):
        speaker = _speaker(item.get("speaker"))
        yield Cue(path, start, end, (Piece(text),), speaker, is_line=False)


def _piece(word: _Fields, path: str, keys: _Keys) -> Piece | Fault:
    text = next((word[key] for key in keys.text if word.get(key) is not None), None)
    if not isinstance(text, str):
        return Fault(path, "the word has no text")
    start = _time(word, keys.start, f"{path}.{keys.start}", keys)
    end = _time(word, keys.end, f"{path}.{keys.end}", keys)
    if isinstance(start, Fault):
        return start
    if isinstance(end, Fault):
        return end
    share = next((word[key] for key in keys.confidence if word.get(key) is not None), None)
    known = float(share) if isinstance(share, int | float) and 0 <= share <= 1 else None
    return Piece(text, start, end, known)


def _time(item: _Fields, name: str, path: str, keys: _Keys) -> float | Fault | None:
    """The seconds of a field; None where it is missing, as WhisperX leaves out those of numbers."""
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LONGEST:
        return Fault(path, f"{shown(value)} is not a time in {_unit(keys)}")
    return float(value * keys.unit)


def _unit(keys: _Keys) -> str:
    return "milliseconds" if keys.unit == _MS else "seconds"


def _spaced(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Words with a space before each, if their tool writes none and their script has them."""
    if any(piece.text[:1].isspace() or piece.text[-1:].isspace() for piece in pieces):
        return tuple(pieces)
    spaced: list[Piece] = []
    for piece in pieces:
        before = spaced[-1].text[-1:] if spaced else ""
        close = before and piece.text and is_unspaced(before) and is_unspaced(piece.text[0])
        spaced.append(piece if close or not spaced else replace(piece, text=f" {piece.text}"))
    return tuple(spaced)


def _items(value: object, path: str) -> Iterator[tuple[str, _Fields]]:
    """The objects of a list, each with its path; old faster-whisper writes words as lists."""
    for at, item in enumerate(cast("list[object]", value) if _is_list(value) else []):
        if _is_list(item):
            row = cast("list[object]", item)
            names = ("start", "end", "word", "probability")
            yield f"{path}[{at}]", dict(zip(names, row, strict=False))
        else:
            yield f"{path}[{at}]", _fields(item)


def _fields(value: object) -> _Fields:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _speaker(value: object) -> str | None:
    match value:
        case str():
            return value.strip() or None
        case int() if not isinstance(value, bool):
            return f"Speaker {value}"
        case _:
            return None


_LONGEST = 1000 * 3600 * 1000
_READERS: tuple[tuple[str, Callable[[_Fields], Cues]], ...] = (
    ("segments", _read_whisper),
    ("transcription", _read_whisper_cpp),
    ("results", _read_deepgram),
    ("words", _read_words),
)
