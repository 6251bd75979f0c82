"""The pictures in the docs: those that the command makes, each shown somewhere, and small."""

import re
from pathlib import Path

from bench.caption_pictures import FOLDER, NAMES

DOCS = Path(__file__).parent.parent / "docs"
SHOWN = re.compile(r"(!?)\[([^\]]*)\]\(([^)]*pictures/[^)]+)\)")
MOST_BYTES = 1_000_000


def shown() -> list[tuple[Path, str]]:
    """Each picture that a page shows or leads to, and the text that stands for it."""
    return [
        ((page.parent / target).resolve(), text)
        for page in DOCS.rglob("*.md")
        for _, text, target in SHOWN.findall(page.read_text(encoding="utf-8"))
    ]


def test_the_docs_show_exactly_the_pictures_that_the_command_makes():
    made = {(FOLDER / name).resolve() for name in NAMES}

    assert {picture for picture, _ in shown()} == made
    assert {file.resolve() for file in FOLDER.iterdir()} == made


def test_each_picture_is_said_in_words_and_all_are_small():
    assert [picture.name for picture, text in shown() if len(text) < len("on a phone")] == []
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < MOST_BYTES
