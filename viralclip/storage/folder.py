"""Files of a storage that is a folder: made beside where they belong, and put there as a whole."""

import errno
import os
import re
import time
from contextlib import suppress
from pathlib import Path

# Whoever makes a file writes to it all the time: what is older was left by a process that died.
_LEFT_S = 3600.0
_STAGED = re.compile(r"\.viralclip-[\w.-]+\.part(#\d+)?")
# What a file system answers that knows no second name for a file.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def staged_key(key: str, writer: str) -> str:
    """Where the bytes of `key` go first: beside it, under a name that only this writer uses."""
    folder, slash, _ = key.rpartition("/")
    return f"{folder}{slash}.viralclip-{writer}.part"


def sweep(staged: Path) -> None:
    """Remove what this writer left of an earlier try, and what others left that died long ago."""
    with suppress(OSError):
        for entry in os.scandir(staged.parent):
            mine = entry.name == staged.name or entry.name.startswith(f"{staged.name}#")
            if mine or (_STAGED.fullmatch(entry.name) and _is_old(entry)):
                Path(entry.path).unlink(missing_ok=True)


def publish(staged: Path, target: Path) -> None:
    """Give the file its name, in one step; FileExistsError if anything has that name."""
    try:
        os.link(staged, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        staged.replace(target)
        return
    staged.unlink(missing_ok=True)


def replace(staged: Path, target: Path) -> None:
    """Put the file in the place of whatever has its name."""
    staged.replace(target)


def names_in(folder: Path) -> frozenset[str]:
    """The names of what lies in the folder itself, files or not; what is no text cannot clash."""
    try:
        return frozenset(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        return frozenset()


def _is_old(entry: "os.DirEntry[str]") -> bool:
    with suppress(OSError):
        return entry.stat(follow_symlinks=False).st_mtime < time.time() - _LEFT_S
    return False
