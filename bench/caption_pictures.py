"""`make pictures`: the pictures of the docs, made anew: caption styles, the form, the editor."""

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from bench import editor_pictures, rig, served
from viralclip.captions.style import BUILT_IN
from viralclip.cli.sample import make_sample
from viralclip.geometry import ASPECTS

FOLDER = Path(__file__).parent.parent / "docs" / "how-to" / "pictures"
_SAMPLE_S = 24.0
_SCENE = {"start": 0.0, "end": 6.0}
_AT_S = 1.3
_SRT = """1
00:00:00,200 --> 00:00:02,300
Here is what people read

2
00:00:02,500 --> 00:00:04,300
when they watch without sound:

3
00:00:04,400 --> 00:00:05,900
each word on its very frame.
"""
# Of a frame's shorter side, in pixels.
_SIDE = 270
_GAP = 10
_QUALITY = 80


def _name(aspect: str) -> str:
    return f"captions-{aspect.replace(':', 'x')}.webp"


NAMES = (*(_name(aspect) for aspect in ASPECTS), *editor_pictures.NAMES)


def main(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, _serving(Path(name)) as address:
        with httpx.Client(base_url=address, trust_env=False, timeout=120) as client:
            for aspect in ASPECTS:
                _write(_beside(_frames(client, aspect)), target / _name(aspect))
        for picture, image in editor_pictures.taken(address, served.VIDEO, _SRT, end=6):
            _write(image, target / picture)


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    (folder / "media").mkdir()
    make_sample(rig.ffmpeg(), folder / "media" / served.VIDEO, seconds=_SAMPLE_S)
    with served.server(folder) as address:
        yield address


def _frames(client: httpx.Client, aspect: str) -> list[Image.Image]:
    """A frame of the clip in each caption style, as the page shows it before the clip is made."""
    video_id = _sent(client.post("/api/videos/files", params={"path": served.VIDEO})).json()[
        "video_id"
    ]
    read = {"video_id": video_id, "name": "talk.srt"}
    words = _sent(client.post("/api/captions/words", params=read, content=_SRT)).json()["words"]
    ask: dict[str, Any] = {"scene": {**_SCENE, "words": words}, "at": _AT_S, "area": "feed"}
    ask |= {"style": "intelligent", "aspect": aspect}
    drawn = (
        _sent(
            client.post(
                "/api/captions/preview",
                params={"video_id": video_id},
                json=ask | {"caption_style": style.name},
            )
        )
        for style in BUILT_IN
    )
    return [Image.open(io.BytesIO(answer.content)) for answer in drawn]


def _sent(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise rig.BenchError(f"{answer.request.url} answered {answer.status_code}: {answer.text}")
    return answer


def _beside(frames: list[Image.Image]) -> Image.Image:
    """The frames in a row; wide ones two by two."""
    scale = _SIDE / min(frames[0].size)
    width, height = (round(side * scale) for side in frames[0].size)
    across = 2 if width > height else len(frames)
    down = len(frames) // across
    size = (across * (width + _GAP) - _GAP, down * (height + _GAP) - _GAP)
    sheet = Image.new("RGBA", size)
    for place, frame in enumerate(frames):
        row, column = divmod(place, across)
        small = frame.resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(small, (column * (width + _GAP), row * (height + _GAP)))
    return sheet


def _write(image: Image.Image, target: Path) -> None:
    image.save(target, "WEBP", quality=_QUALITY, method=6)
    print(f"{target.name}: {image.width}x{image.height}, {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
