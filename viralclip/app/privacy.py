"""What viralclip keeps is for its own user: no other user of the machine can read it."""

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from viralclip.catalog.sealing import Seal
from viralclip.settings import Settings

_OTHERS = 0o077
_KEY_BYTES = 32


def keep_private() -> None:
    """From now on what this process and its FFmpegs make is this user's alone."""
    os.umask(_OTHERS)


def tighten(settings: Settings) -> None:
    """Take from others what earlier versions, or another umask, have left them of our files.

    The state folder itself is closed unless it holds what is not ours: it may be somebody's home.
    """
    state = settings.state.folder
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    entries = list(os.scandir(state))
    ours = [entry for entry in entries if _is_ours(entry.name)]
    if len(ours) == len(entries):
        _close(state)
    for entry in ours:
        _tighten_tree(Path(entry.path))
    if settings.state.models.is_dir():
        _tighten_tree(settings.state.models)


def open_seal(settings: Settings) -> Seal | None:
    """What secrets are sealed with; None where servers share a database but no key."""
    if settings.databases.secret_key is not None:
        return Seal(hashlib.sha256(settings.databases.secret_key.encode()).digest())
    if settings.databases.postgresql is not None:
        return None
    return Seal(_own_key(settings.state.folder / "secret.key"))


_DATABASES = ("catalog.db", "events.db", "engine.db")
_OURS = frozenset(
    {
        "analyses",
        "transcripts",
        "clips",
        "engines",
        "ffmpegs",
        "logs",
        "secret.key",
        "sources",
        "uploads",
        "work",
        "workers",
    }
)


def _is_ours(name: str) -> bool:
    return name in _OURS or name.startswith(_DATABASES)


def _tighten_tree(top: Path) -> None:
    for path in _inside(top):
        _close(path)


def _inside(top: Path) -> Iterator[Path]:
    """The entry and all below it; links are neither followed nor given."""
    if top.is_symlink():
        return
    yield top
    if top.is_dir():
        for folder, folders, files in os.walk(top):
            for name in (*folders, *files):
                path = Path(folder, name)
                if not path.is_symlink():
                    yield path


def _close(path: Path) -> None:
    # What vanished is closed, and what is another user's is theirs to close.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & _OTHERS and not mode & stat.S_ISVTX:
            path.chmod(mode & ~_OTHERS)


def _own_key(path: Path) -> bytes:
    """The key in the file, which whoever comes first makes: whole or not at all."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, secrets.token_bytes(_KEY_BYTES))
        os.fsync(file)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.close(file)
        fresh.unlink()
    return path.read_bytes()
