"""What a plain command does not import, as it has no use for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOREIGN = ("prometheus_client", "duckdb", "apprise")
LOOK = """
import json, sys
import viralclip.__main__ as program
program._leave = lambda code: None
sys.argv = ["viralclip", *json.loads(sys.argv[1])]
program.main()
print(json.dumps([name for name in json.loads(sys.argv[0]) if name in sys.modules]))
""".replace("sys.argv[0]", f"{json.dumps(json.dumps(FOREIGN))}")


@pytest.mark.parametrize("command", ["--help", "render"])
def test_a_command_that_is_not_scraped_imports_nothing_to_record_with(
    command: str, source, tmp_path: Path
):
    asked = [command]
    if command == "render":
        scenes = tmp_path / "scenes.json"
        scenes.write_text(json.dumps([{"title": "One", "start": 0, "end": 0.4}]))
        out = ("--out", str(tmp_path / "out"), "--preset", "fast")
        asked += [str(source("small")), "--scenes", str(scenes), "--styles", "original", *out]
    done = subprocess.run(
        [sys.executable, "-c", LOOK, json.dumps(asked)],
        env={"VIRALCLIP_STATE_DIR": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
