"""Who may read what is put into a folder of the user's, whatever this process keeps to itself."""

from contextlib import suppress
from pathlib import Path

_FILE, _FOLDER = 0o666, 0o777


def make_folders(folder: Path, umask: int) -> None:
    """The folder and those above it that are missing, as any program of this umask makes them."""
    missing = [folder, *folder.parents]
    for path in reversed([each for each in missing if not each.exists()]):
        path.mkdir(exist_ok=True)
        with suppress(PermissionError):
            path.chmod(_FOLDER & ~umask)


def share(file: Path, umask: int) -> None:
    """Let those read the file whom the umask lets."""
    # Some file systems know no modes.
    with suppress(PermissionError):
        file.chmod(_FILE & ~umask)
