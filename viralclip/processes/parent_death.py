"""Keeps a child from outliving this process, even when this process is killed outright."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("leash_script.py")


@dataclass(frozen=True)
class Leashed:
    """A command to start instead of the wanted one, and what its stdin must be."""

    command: list[str]
    stdin: int


def die_with_parent(command: list[str], *, platform: str = sys.platform) -> Leashed:
    """`command` on a leash: it ends when this process does, however this process ends, and gives
    way to it while both have work to do.

    FFmpeg by itself survives its parent: neither a closed stdin nor a broken progress pipe ends it.
    """
    by_kernel = platform == "linux"
    way = "dies-with-parent" if by_kernel else "watches-pipe"
    # -I and -S: every FFmpeg pays the start of this interpreter.
    wrapper = [sys.executable, "-I", "-S", str(_SCRIPT), way, str(os.getpid())]
    return Leashed([*wrapper, *command], subprocess.DEVNULL if by_kernel else subprocess.PIPE)
