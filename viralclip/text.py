"""Text fit to be shown: what came from outside, and counted things."""

import unicodedata

# Joiners and soft hyphens belong to words, tags to the flags of regions.
_HARMLESS = frozenset("\u00ad\u200c\u200d") | {chr(tag) for tag in range(0xE0020, 0xE0080)}
_BYTES = range(0xDC80, 0xDD00)


def printable(text: str) -> str:
    """The text with escapes for what would move a cursor, turn the writing round, or is no text.

    Bytes of a file name that are not UTF-8 become `\\xe9`.
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def is_text(name: str) -> bool:
    """Whether a name of the system's is UTF-8, so that it can be stored and sent as text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def counted(count: int, noun: str) -> str:
    """1 clip, 2 clips."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _shown(ch: str) -> str:
    if ord(ch) in _BYTES:
        return f"\\x{ord(ch) - 0xDC00:02x}"
    if unicodedata.category(ch) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and ch not in _HARMLESS:
        return ch.encode("unicode_escape").decode()
    return ch
