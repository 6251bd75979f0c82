"""The bytes of a file to text: no letter is replaced or guessed without a note."""

import codecs
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

# The four bytes of UTF-32's little mark begin with the two of UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {
    "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp932": "Shift_JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "euc_kr": "EUC-KR (Korean)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "mac_roman": "Mac OS Roman",
}
_WESTERN_LETTERS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿŒœŠšŽžŸ"
)
_WESTERN_MARKS = frozenset("“”„‘’–—…«»¿¡€£°©®™·•ªº½¼¾²³§‹›\xa0")  # noqa: RUF001 - marks people type
_SAMPLE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Decoded:
    """A file's text, and which encoding was found where the file did not say."""

    text: str
    notes: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded | None:
    """The text of a file: by its mark, as UTF-8, else in the encoding that its words show.

    None for what is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _marked(data, encoding)
    if b"\0" in data:
        return _unmarked_utf16(data)
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _legacy(data)


def _marked(data: bytes, encoding: str) -> Decoded | None:
    text = _decoded(data, encoding)
    return None if text is None else Decoded(text)


def _unmarked_utf16(data: bytes) -> Decoded | None:
    """Digits and line ends have a zero for their upper byte: on which side tells the order."""
    odd, even = data[1::2].count(0), data[::2].count(0)
    order = "le" if odd > even else "be"
    text = _decoded(data, f"utf-16-{order}")
    if text is None or min(odd, even) * 4 > max(odd, even) or not _is_text(text):
        return None
    return Decoded(text)


def _is_text(text: str) -> bool:
    return not any(unicodedata.category(ch) in {"Cn", "Co"} or ch == "\0" for ch in text)


def _legacy(data: bytes) -> Decoded | None:
    encoding = next((name for name, fits in _JUDGES if fits(_decoded(data, name))), None)
    if encoding is None:
        found = from_bytes(_foreign_lines(data), cp_isolation=list(_NAMES)).best()
        encoding = found.encoding if found else None
    text = _decoded(data, encoding) if encoding else None
    if text is None or encoding is None:
        return None
    name = _NAMES[encoding]
    note = f"The file is not UTF-8; it was read as {name}. If letters look wrong, save it as UTF-8."
    return Decoded(text, (note,))


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _foreign_lines(data: bytes) -> bytes:
    """Times and markup say nothing about an encoding, and would drown what does."""
    return b"\n".join(line for line in data.split(b"\n") if not line.isascii())[:_SAMPLE_BYTES]


def _words(text: str) -> Iterator[str]:
    """Words that hold anything beyond ASCII, without the marks around them."""
    for word in text.split():
        if not word.isascii():
            yield word


def _western(text: str | None) -> bool:
    return text is not None and all(map(_is_western, _words(text)))


def _is_western(word: str) -> bool:
    """A word of which the smaller part is accented; Cyrillic read so is accents throughout."""
    foreign = [ch for ch in word if not ch.isascii()]
    letters = [ch for ch in foreign if ch not in _WESTERN_MARKS]
    if not _WESTERN_LETTERS.issuperset(letters):
        return False
    plain = sum(ch.isalpha() for ch in word)
    return len(letters) <= 1 or (2 * len(letters) <= plain and _is_cased(word))


def _cyrillic(text: str | None) -> bool:
    return text is not None and all(map(_is_cyrillic, _words(text)))


def _is_cyrillic(word: str) -> bool:
    letters = [ch for ch in word if not ch.isascii() and ch not in _WESTERN_MARKS and ch != "№"]
    return all("А" <= ch <= "я" or ch in "Ёё" for ch in letters) and _is_cased(word)  # noqa: RUF001 - Cyrillic is meant


def _is_cased(word: str) -> bool:
    """Small letters, capitals, or a capital before small letters, in each part of the word."""
    parts = "".join(ch if ch.isalpha() else " " for ch in word).split()
    return all(part.islower() or part.isupper() or part[1:].islower() for part in parts)


def _japanese(text: str | None) -> bool:
    """Kana, and no half-width ones: those are what other encodings look like."""
    if text is None:
        return False
    half_width = any("\uff61" <= ch <= "\uff9f" for ch in text)
    return not half_width and any("\u3041" <= ch <= "\u30fa" for ch in text)


def _korean(text: str | None) -> bool:
    return text is not None and all(
        "\uac00" <= ch <= "\ud7a3" for word in _words(text) for ch in word if ch.isalpha()
    )


_JUDGES: tuple[tuple[str, Callable[[str | None], bool]], ...] = (
    ("cp1252", _western),
    ("cp1251", _cyrillic),
    ("cp932", _japanese),
    ("euc_jp", _japanese),
    ("euc_kr", _korean),
)
