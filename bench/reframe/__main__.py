"""`python -m bench.reframe [SCENARIO ...]`: how well we and others follow, as a table.

Faces are found by YuNet (VIRALCLIP_YUNET_MODEL) in real films; `rendered` rows are read back from
clips of the `viralclip` command. Exits with 1 if one of ours misses a target.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.reframe.film import write_film
from bench.reframe.ramp import read_windows
from bench.reframe.scenario import Floats, Scenario
from bench.reframe.scenarios import SCENARIOS
from bench.reframe.score import Score, score
from bench.reframe.table import Row, markdown, misses
from viralclip.analysis.scene_analyzer import analyze_scene
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.media.probe import probe
from viralclip.media.stretch import Stretch
from viralclip.reframe.algorithms import plan_camera
from viralclip.reframe.windows import crop_windows

_DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "reframing.md"
_BEGIN, _END = "<!-- scorecard: begin -->", "<!-- scorecard: end -->"
_OTHERS = {
    "haar": "Haar median",
    "detection": "pyautoflip, detection",
    "saliency": "pyautoflip, saliency",
}
_OURS = ("ours", "ours, rendered")
_STYLES = {"speaker_aware": "intelligent_speaker"}
# Reading a window back from a clip errs by less than this, in pixels of the source.
_READ_BACK = 1.5
_TALL = 9 / 16


def main() -> None:
    asked = _arguments()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="viralclip-bench-") as folder:
        films = asked.films or Path(folder)
        films.mkdir(parents=True, exist_ok=True)
        for name in asked.names or SCENARIOS:
            for row in _rows(SCENARIOS[name], films, Path(folder), asked):
                print(markdown([row]).splitlines()[-1], flush=True)
                rows.append(row)
    table = markdown(rows)
    print(f"\n{table}")
    if asked.write_docs:
        _write_docs(table)
    missed = [row for row in rows if row.tool in _OURS and misses(row.score)]
    sys.exit(f"{len(missed)} of ours missed a target" if missed else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reframe", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    parser.add_argument("--films", type=Path, help="where films are kept and found again")
    parser.add_argument("--rendered", action="store_true", help="judge finished clips as well")
    parser.add_argument("--others", help="a Python with pyautoflip and opencv<5, to compare with")
    parser.add_argument(
        "--write-docs", action="store_true", help=f"put the table into {_DOCS.name}"
    )
    return parser.parse_args()


def _rows(
    scenario: Scenario, films: Path, folder: Path, asked: argparse.Namespace
) -> Iterator[Row]:
    film = films / f"{scenario.name}.mp4"
    if not film.exists():
        _write_film(film, scenario)
    yield Row(scenario.name, "ours", score(scenario, _planned(scenario, film)))
    if asked.rendered:
        yield Row(
            scenario.name, "ours, rendered", _judged(scenario, _rendered(scenario, film, folder))
        )
    yield Row(scenario.name, "centre", score(scenario, _centred(scenario)))
    for tool in _OTHERS if asked.others else ():
        windows = _by_other(asked.others, tool, scenario, film, folder)
        yield Row(
            scenario.name, _OTHERS[tool], None if windows is None else _judged(scenario, windows)
        )


def _write_film(film: Path, scenario: Scenario) -> None:
    write_film(find_ffmpeg(), film, scenario)
    seen = read_windows(film, scenario.size)
    far = seen[:, :2] + seen[:, 2:] - (scenario.size.width, scenario.size.height)
    error = max(np.abs(seen[:, :2]).max(), np.abs(far).max())
    if not error < _READ_BACK:
        raise RuntimeError(f"the ramp of {film.name} is read with an error of {error:.1f} pixels")


def _planned(scenario: Scenario, film: Path) -> Floats:
    """The windows that are asked of the renderer."""
    footage = analyze_scene(
        Stretch(probe(film), 0.0, scenario.duration),
        model=Path(os.environ["VIRALCLIP_YUNET_MODEL"]),
        threads=1,
        on_progress=lambda *_: None,
    )
    path = plan_camera(footage, _TALL, scenario.algorithm)
    return crop_windows(path, scenario.times, early=0.499 / scenario.fps)


def _rendered(scenario: Scenario, film: Path, folder: Path) -> Floats:
    """The windows of the clip that the command makes."""
    scenes, out = folder / f"{scenario.name}.json", folder / scenario.name
    scenes.write_text(json.dumps([{"title": "it", "start": 0, "end": scenario.duration}]))
    style = _STYLES.get(scenario.algorithm, "intelligent")
    command = [sys.executable, "-m", "viralclip", "render", str(film), "--scenes", str(scenes)]
    state = {**os.environ, "VIRALCLIP_STATE_DIR": str(folder / "state")}
    subprocess.run(
        [*command, "--styles", style, "--out", str(out), "--preset", "fast"],
        check=True,
        env=state,
        stdout=subprocess.DEVNULL,
    )
    [clip] = out.rglob("*.mp4")
    return read_windows(clip, scenario.size)


def _centred(scenario: Scenario) -> Floats:
    width = scenario.size.height * _TALL
    left = (scenario.size.width - width) / 2
    return np.tile([left, 0.0, width, float(scenario.size.height)], (len(scenario.times), 1))


def _by_other(
    python: str, tool: str, scenario: Scenario, film: Path, folder: Path
) -> Floats | None:
    """None if the tool failed."""
    target = folder / f"{scenario.name}-{tool}{'.json' if tool == 'haar' else '.mp4'}"
    script = Path(__file__).with_name("others.py")
    ran = subprocess.run(
        [python, str(script), tool, str(film), str(target)], check=False, capture_output=True
    )
    if ran.returncode or not target.exists():
        print(ran.stderr.decode(errors="replace")[-400:], file=sys.stderr)
        return None
    if tool == "haar":
        return np.array(json.loads(target.read_text()))
    return read_windows(target, scenario.size)


def _judged(scenario: Scenario, windows: Floats) -> Score:
    """As many windows as there should be; a frame too few or too many is the next one's."""
    count = len(scenario.times)
    windows = np.concatenate(
        [windows, np.repeat(windows[-1:], max(0, count - len(windows)), axis=0)]
    )
    return score(scenario, windows[:count], tolerance=_READ_BACK)


def _write_docs(table: str) -> None:
    before, rest = _DOCS.read_text().split(_BEGIN)
    _, after = rest.split(_END)
    _DOCS.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}")


if __name__ == "__main__":
    main()
