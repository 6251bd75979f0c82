"""`python -m bench.caption_pictures FOLDER`: a frame of each caption style, for the docs."""

import subprocess
import sys
import tempfile
from pathlib import Path

from bench import rig
from viralclip.captions.style import BUILT_IN
from viralclip.cli.sample import make_sample

_SRT = "1\n00:00:00,200 --> 00:00:01,900\nThis is what\npeople will read\n"
_AT_S = 0.9
_ASPECTS = ("9:16", "1:1", "16:9")
_HEIGHT = 420


def main(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = make_sample(rig.ffmpeg(), folder / "talk.mp4", seconds=6)
        (folder / "talk.srt").write_text(_SRT)
        (folder / "scenes.json").write_text('[{"start": 0, "end": 1.6}]')
        for aspect in _ASPECTS:
            frames = [_frame(folder, source, style.name, aspect) for style in BUILT_IN]
            _beside(frames, target / f"captions-{aspect.replace(':', 'x')}.jpg")


def _frame(folder: Path, source: Path, style: str, aspect: str) -> Path:
    out = folder / f"{style}-{aspect.replace(':', 'x')}"
    rig.finish(
        rig.viralclip(
            *("render", source, "--scenes", folder / "scenes.json", "--styles", "intelligent"),
            *("--out", out, "--aspect", aspect, "--preset", "fast"),
            *("--captions", folder / "talk.srt", "--caption-style", style),
            state=folder / "state",
        )
    )
    [clip] = out.glob("*.mp4")
    picture = out / "frame.png"
    _ffmpeg("-ss", _AT_S, "-i", clip, "-frames:v", 1, "-vf", f"scale=-2:{_HEIGHT}", picture)
    return picture


def _beside(pictures: list[Path], target: Path) -> None:
    inputs = [part for picture in pictures for part in ("-i", picture)]
    stacked = f"hstack={len(pictures)}"
    if "16x9" in target.name:
        stacked = "[0][1]hstack[a];[2][3]hstack[b];[a][b]vstack,scale=-2:560"
    _ffmpeg(*inputs, "-filter_complex", stacked, "-q:v", 5, target)


def _ffmpeg(*arguments: object) -> None:
    command = [str(rig.ffmpeg()), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
