"""How much of the disk viralclip's own folders take."""

import os
from contextlib import suppress
from pathlib import Path

from viralclip.settings import Settings


def disk_use(settings: Settings) -> dict[str, int]:
    """The bytes of each entry of the state folder that takes any, the largest first."""
    sizes = {path.name: size_of(path) for path in entries(settings.state.folder)}
    largest = sorted(sizes.items(), key=lambda entry: entry[1], reverse=True)
    return {name: size for name, size in largest if size}


def entries(folder: Path) -> list[Path]:
    """What lies in the folder, by name; nothing where there is none."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def size_of(path: Path) -> int:
    total = 0
    for folder, _, names in os.walk(path) if path.is_dir() else [(path.parent, [], [path.name])]:
        for name in names:
            with suppress(OSError):
                total += (Path(folder) / name).stat(follow_symlinks=False).st_size
    return total
