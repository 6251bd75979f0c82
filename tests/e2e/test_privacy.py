"""What viralclip keeps is its own user's, whatever the umask; what is made for the user is not."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

OTHERS = 0o077


def run(state: Path, *arguments: object, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "viralclip", *map(str, arguments)],
        env={
            **{n: v for n, v in os.environ.items() if not n.startswith("VIRALCLIP_")},
            "VIRALCLIP_STATE_DIR": str(state),
        },
        capture_output=True,
        text=True,
        umask=umask,
        check=False,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(folder: Path) -> list[str]:
    everything = [folder, *folder.rglob("*")]
    return [f"{path} {mode(path):o}" for path in everything if mode(path) & OTHERS]


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_render_leaves_clips_for_all_and_a_state_for_nobody_else(source, tmp_path, umask):
    state, out = tmp_path / "deep" / "state", tmp_path / "clips" / "new"
    scenes, events = tmp_path / "s.json", tmp_path / "events.jsonl"
    scenes.write_text('[{"title": "a", "start": 0, "end": 0.4}]')
    options = ["--scenes", scenes, "--styles", "original", "--preset", "fast", "--out", out]
    done = run(state, "render", source("small"), *options, "--events", events, umask=umask)

    assert done.returncode == 0, done.stderr
    assert open_to_others(state) == []
    assert (state / "catalog.db").exists()
    made = [out.parent, out, events, *out.iterdir()]
    assert len(made) == 5
    for path in made:
        assert mode(path) == (0o777 if path.is_dir() else 0o666) & ~umask, path


def test_what_an_earlier_version_left_open_is_closed(tmp_path):
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    run(state, "token", "create", "anna")
    (state / "uploads" / "a").mkdir(parents=True)
    (state / "uploads" / "a" / "v.mp4").write_bytes(b"v")
    elsewhere.mkdir()
    (elsewhere / "f").touch()
    (state / "uploads" / "link").symlink_to(elsewhere)
    for path in (state, *state.rglob("*"), elsewhere, elsewhere / "f"):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)
    run(state, "token", "list")
    (state / "uploads" / "link").unlink()

    assert open_to_others(state) == []
    assert [mode(elsewhere), mode(elsewhere / "f")] == [0o777, 0o666]


def test_a_state_folder_with_other_things_in_it_keeps_its_mode(tmp_path):
    """It may be a home, or `/tmp` itself."""
    tmp_path.chmod(0o755)
    (tmp_path / "notes").mkdir(mode=0o755)
    (tmp_path / "notes" / "mine").touch()
    (tmp_path / "notes" / "mine").chmod(0o644)
    run(tmp_path, "token", "create", "anna")

    assert mode(tmp_path) == 0o755
    assert mode(tmp_path / "notes" / "mine") == 0o644
    assert open_to_others(tmp_path / "logs") == []
    assert mode(tmp_path / "catalog.db") == 0o600
