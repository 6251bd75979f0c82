"""Captions drawn into a clip: a filter at the end of its graph, and the few fonts it may use."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from viralclip.filter_graph import Filter, Graph, Script, join, line
from viralclip.media.colours import BT709_TAGS


def burnt(graph: Graph, script: str, fonts: Path) -> Graph:
    """The graph with an ASS script drawn on what it makes, with the fonts in that folder.

    Colours are drawn as the frames' own tags say, so these come first.
    """
    return join(graph, line(BT709_TAGS, Filter.of("ass", Script(script), fontsdir=str(fonts))))


@contextmanager
def font_folder(files: Sequence[str], folder: Path) -> Iterator[Path]:
    """A folder with these files alone for as long as the context is open: libass reads all of it.

    Users' names for their fonts do not matter to it.
    """
    folder.mkdir(parents=True)
    try:
        for number, file in enumerate(files):
            path = Path(file)
            (folder / f"{number}{path.suffix}").symlink_to(path)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
