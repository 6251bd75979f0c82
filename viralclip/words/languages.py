"""Languages that are spoken, by their tags."""

import re

from viralclip.errors import UnknownLanguageError

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


def spoken_language(named: str) -> str:
    """The language of a tag such as `en` or `pt-BR`, without its region; empty for none.

    UnknownLanguageError for what is no tag.
    """
    tag = named.strip().lower().replace("_", "-")
    if tag and _TAG.fullmatch(tag) is None:
        why = "it is no tag; write one such as en, de or pt-BR, or leave it out"
        raise UnknownLanguageError(language=named, why=why)
    return tag.partition("-")[0]


def demand_language(language: str, known: tuple[str, ...], *, model: str) -> None:
    """UnknownLanguageError unless the language is among those of the model; any is, where it has
    none."""
    if not language or not known or language in known:
        return
    all_of_them = "English alone" if known == ("en",) else ", ".join(known)
    why = (
        f"the speech model {model} knows {all_of_them}; leave the language out, or choose another"
        " model with VIRALCLIP_SPEECH_MODEL"
    )
    raise UnknownLanguageError(language=language, why=why)
