"""Run as a script: becomes the command on Linux, elsewhere guards it until a pipe breaks."""

import os
import sys

_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
# Answers to people, and what else runs on a laptop, come before the work that FFmpeg does.
_NICER_BY = 5


def die_with_parent(parent: int, command: list[str]) -> None:
    """The kernel ends the command when the parent ends."""
    import ctypes  # noqa: PLC0415 - each way imports only what it needs; the start is paid per clip

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    # The parent may have died before the line above; then nobody will ever send the signal.
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the point is to become the command


def watch_pipe(command: list[str]) -> int:
    """Waits for the command; our stdin is a pipe that breaks when the parent ends."""
    import signal  # noqa: PLC0415 - see above
    import subprocess  # noqa: PLC0415 - see above
    import threading  # noqa: PLC0415 - see above

    # SIGTERM goes to the whole group. A handler, unlike SIG_IGN, is not inherited by the command.
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end_when_the_pipe_breaks() -> None:
        os.read(0, 1)
        child.kill()

    threading.Thread(target=end_when_the_pipe_breaks, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    way, parent_pid, *wanted = sys.argv[1:]
    os.nice(_NICER_BY)
    if way == "dies-with-parent":
        die_with_parent(int(parent_pid), wanted)
    sys.exit(watch_pipe(wanted))
