"""The fonts there are: those of this package, and those in a folder of the user's."""

from functools import cache
from pathlib import Path

from viralclip.captions.fonts import Font, NoFontError, read_fonts

SHIPPED = Path(__file__).parents[1] / "fonts"
_ENDINGS = frozenset({".ttf", ".otf", ".ttc", ".otc"})


@cache
def load_fonts(folder: Path | None = None) -> tuple[Font, ...]:
    """Every font, those of the user's `folder` first; each file's name is its whole path.

    Files that are no fonts are left out. Read once a process: a font takes some hundredths of a
    second, one of all Chinese letters half a second.
    """
    folders = [each for each in (folder, SHIPPED) if each is not None]
    paths = [path for each in folders for path in sorted(each.rglob("*"))]
    return tuple(font for path in paths if path.suffix.lower() in _ENDINGS for font in _read(path))


def _read(path: Path) -> tuple[Font, ...]:
    try:
        return read_fonts(path.read_bytes(), str(path))
    except (NoFontError, OSError):
        return ()
