"""Scripts that are written without spaces, and where their words part."""

from functools import cache

import budoux

# First and last letter: Thai, Lao, Myanmar, Khmer, CJK marks and kana, ideographs, full widths.
_UNSPACED = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u109f"),
    ("\u1780", "\u17ff"),
    ("\u3001", "\u30ff"),
    ("\u31f0", "\u31ff"),
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\uff01", "\uff9f"),
    ("\U00020000", "\U0003ffff"),
)
# What no line and no word begins with: closing marks and small kana, and what hangs on a letter.
_NO_START = frozenset(
    "、。，．：；？！）」』】〕〉》…‥ー々〻ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"  # noqa: RUF001 - meant
    "%,.!?;:)]}\u201d\u2019ๆฯ"
)
_NO_END = frozenset("（「『【〔〈《([{\u201c\u2018")  # noqa: RUF001 - meant
_TRADITIONAL = ("hant", "tw", "hk", "mo")


def is_unspaced(ch: str) -> bool:
    """Whether words of this letter's script stand beside each other without a space."""
    return any(first <= ch <= last for first, last in _UNSPACED)


def may_part(before: str, after: str) -> bool:
    """Whether a word may end between two letters of such a script, or beside one of them."""
    if after in _NO_START or before in _NO_END:
        return False
    return is_unspaced(before) or is_unspaced(after)


def parted(text: str, language: str) -> list[str]:
    """The phrases of a text without spaces, whole text kept; one where no model knows its script.

    The models are BudouX's, which find phrases that people would not break.
    """
    parser = _parser(_model(text, language))
    if parser is None or not any(map(is_unspaced, text)):
        return [text]
    return parser.parse(text)


def _model(text: str, language: str) -> str:
    if any("\u3041" <= ch <= "\u30ff" for ch in text):
        return "ja"
    if any("\u0e00" <= ch <= "\u0e7f" for ch in text):
        return "th"
    if not any("\u3400" <= ch <= "\u9fff" for ch in text):
        return ""
    tags = language.lower().replace("_", "-").split("-")
    if tags[0] == "ja":
        return "ja"
    return "zh-hant" if any(tag in _TRADITIONAL for tag in tags) else "zh-hans"


@cache
def _parser(model: str) -> budoux.Parser | None:
    match model:
        case "ja":
            return budoux.load_default_japanese_parser()
        case "th":
            return budoux.load_default_thai_parser()
        case "zh-hans":
            return budoux.load_default_simplified_chinese_parser()
        case "zh-hant":
            return budoux.load_default_traditional_chinese_parser()
        case _:
            return None
