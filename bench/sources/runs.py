"""Renders a kind of source by the command, as a user does, and keeps what came of it."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from bench.sources.film import PATCHES, Floats, read
from bench.sources.judge import Judgement, Stretch, judge
from bench.sources.kind import Kind, Tools

SCENES = (Stretch("mid", 3.48, 6.48), Stretch("late", 7.52, 9.72))
_REFUSED = 2
_TONE_MAPPED = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,"
    "zscale=t=bt709:m=bt709:r=tv,format=yuv420p,scale=in_color_matrix=bt709,format=rgb24"
)


@dataclass(frozen=True)
class Run:
    """A kind of source and its clips; `words` are the notes and warnings it came with."""

    kind: Kind
    returncode: int
    judgements: dict[str, Judgement]
    words: tuple[str, ...] = field(default=())

    @property
    def faults(self) -> list[str]:
        found = [fault for each in self.judgements.values() for fault in each.faults(self.kind)]
        if self.returncode not in (0, _REFUSED) or len(self.judgements) < len(SCENES):
            found.append("no clip")
        if self.kind.words and not self.words:
            found.append("not a word")
        return list(dict.fromkeys(found))

    @property
    def verdict(self) -> str:
        if self.returncode == _REFUSED:
            return "refused" if self.kind.may_refuse else "WRONG: refused"
        if not self.faults:
            return "right"
        return "told" if self.words and "no clip" not in self.faults else "WRONG"

    @property
    def is_silently_wrong(self) -> bool:
        return self.verdict.startswith("WRONG")

    @property
    def explanation(self) -> str:
        return f"{', '.join(self.faults)}; exit {self.returncode}; {' | '.join(self.words)[:300]}"


def run_kind(kind: Kind, films: Path, folder: Path) -> Run:
    tools = Tools(Path(imageio_ffmpeg.get_ffmpeg_exe()), films)
    source = _found(kind, films) or kind.make(tools)
    out = folder / "clips"
    shutil.rmtree(out, ignore_errors=True)
    returncode, words = _render(source, folder, out)
    clips = {scene: path for scene in SCENES for path in out.glob(f"*{scene.title}*.mp4")}
    reference = _reference(tools, source) if kind.colours == "reference" else None
    judged = {
        scene.title: judge(kind, scene, read(path), reference) for scene, path in clips.items()
    }
    return Run(kind, returncode, judged, words)


def _found(kind: Kind, films: Path) -> Path | None:
    folder = films / kind.name.replace(" ", "-").replace("/", "-")
    made = folder / f"source{kind.suffix}"
    return made if made.exists() else None


def _render(source: Path, folder: Path, out: Path) -> tuple[int, tuple[str, ...]]:
    scenes, events = folder / "scenes.json", folder / "events.jsonl"
    events.unlink(missing_ok=True)
    listed = [{"title": s.title, "start": s.start, "end": s.end} for s in SCENES]
    scenes.write_text(json.dumps(listed))
    state = {**os.environ, "VIRALCLIP_STATE_DIR": str(folder / "state")}
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "viralclip", "render", source, "--scenes", scenes),
            *("--styles", "original", "--preset", "fast", "--out", out, "--events", events),
        ],
        check=False,
        env=state,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    said = f"{ran.stdout}{ran.stderr}".splitlines()
    notes = [line.strip() for line in said if line.lower().startswith(("note", "viralclip:"))]
    return ran.returncode, (*notes, *_warnings(events))


def _warnings(events: Path) -> list[str]:
    if not events.exists():
        return []
    written = [json.loads(line).get("event") or {} for line in events.read_text().splitlines()]
    return [event["message"] for event in written if event.get("type") == "warning"]


def _reference(tools: Tools, source: Path) -> Floats:
    """What another way of tone mapping, at full size and in floats, makes of the patches."""
    picture = source.with_suffix(".reference.png")
    tools.run("-ss", "4", "-i", source, "-frames:v", 1, "-vf", _TONE_MAPPED, picture)
    patches = read(picture).patches
    return patches if len(patches) else np.array(PATCHES, np.float64)
