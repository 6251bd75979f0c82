"""`viralclip scenes` and what `render` makes of it, for videos whose chapters and ends disagree."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from viralclip.app.request import Accepted, Request, accept
from viralclip.cli.scenes import print_scenes
from viralclip.media.probe import probe
from viralclip.plan import Options
from viralclip.scene_writing import WRITERS
from viralclip.storage.opening import open_storage

Make = Callable[..., Path]


@pytest.fixture
def make(ffmpeg: Path, tmp_path: Path) -> Make:
    """`make(name, chapters, *options, sound=s)`: 3.43 s of picture, with sound of `sound` s."""

    def film(name: str, chapters: list[tuple[int, int]], *options: str, sound: float = 3.9) -> Path:
        parts = [
            f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle=Part {place}\n"
            for place, (start, end) in enumerate(chapters, 1)
        ]
        listed = tmp_path / "chapters.txt"
        listed.write_text(";FFMETADATA1\n" + "".join(parts))
        target = tmp_path / name
        inputs = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=30:d=3.43"]
        inputs += ["-f", "lavfi", "-i", f"sine=d={sound}", "-i", str(listed)]
        coded = ["-map", "0:v", "-map", "1:a", "-map_metadata", "2", "-c:a", "aac"]
        command = [str(ffmpeg), "-v", "error", *inputs, *coded, "-preset", "ultrafast", *options]
        subprocess.run([*command, str(target)], check=True)
        return target

    return film


async def accepted(source: Path, scenes: Path | None, out: Path) -> Accepted:
    request = Request(
        source=source, scenes=scenes, styles=("original",), out=str(out), options=Options()
    )
    return await accept(request, open_storage)


def spans(plan):
    return [(scene.title, round(scene.start, 2), round(scene.end, 2)) for scene in plan.scenes]


@pytest.mark.parametrize(
    ("chapters", "options", "expected", "noted"),
    [
        ([(0, 2000), (2000, 4000)], (), [("Part 1", 0, 2), ("Part 2", 2, 3.43)], "One scene ends"),
        ([(0, 2000), (2000, 9000)], (), [("Part 1", 0, 2), ("Part 2", 2, 3.43)], "One scene ends"),
        ([(0, 3430), (9000, 9500)], (), [("Part 1", 0, 3.43)], "left out: Part 2"),
        (
            [(5000, 7000), (7000, 9000)],
            ("-output_ts_offset", "5"),
            [("Part 1", 0, 2), ("Part 2", 2, 3.43)],
            "One scene ends",
        ),
    ],
    ids=["rounded up", "much too long", "ghost", "late clock"],
)
def test_chapters_are_brought_to_the_picture(chapters, options, expected, noted, make, tmp_path):
    film = make("film.mkv", chapters, *options)
    straight = asyncio.run(accepted(film, None, tmp_path / "out"))

    assert spans(straight.plan) == expected
    assert any(noted in note for note in straight.notes)


@pytest.mark.parametrize("form", WRITERS)
def test_render_takes_what_scenes_prints(form, make, tmp_path, capsys):
    film = make("film.mkv", [(5000, 7000), (7000, 9000), (9000, 9001)], "-output_ts_offset", "5")
    asyncio.run(print_scenes(film, scenes=None, form=form, shortest=1, longest=2))
    printed = tmp_path / f"list.{form}"
    printed.write_text(capsys.readouterr().out)
    plan = asyncio.run(accepted(film, printed, tmp_path / "out")).plan

    assert spans(plan) == [("Part 1", 0, 2), ("Part 2", 2, 3.43)]


def test_scenes_says_its_notes_beside_the_list(make, capsys):
    film = make("film.mkv", [(0, 2000), (2000, 9000)])
    asyncio.run(print_scenes(film, scenes=None, form="json", shortest=1, longest=2))

    said = capsys.readouterr()
    assert said.err == "note: One scene ends after the video: it ends with the video.\n"


def test_found_scenes_are_taken_by_render(make, tmp_path, capsys):
    film = make("film.mp4", [])
    asyncio.run(print_scenes(film, scenes=None, form="json", shortest=1, longest=2))
    printed = tmp_path / "found.json"
    printed.write_text(capsys.readouterr().out)
    plan = asyncio.run(accepted(film, printed, tmp_path / "out")).plan

    assert plan.scenes[0].start == 0
    assert plan.scenes[-1].end == pytest.approx(3.43, abs=0.01)


def test_a_list_converted_is_the_list_as_it_was_read(make, tmp_path, capsys):
    film = make("film.mp4", [])
    labels = tmp_path / "labels.txt"
    labels.write_bytes("0.5\t1.5\tCafé\n".encode("cp1252"))
    asyncio.run(print_scenes(film, scenes=labels, form="csv", shortest=1, longest=2))

    said = capsys.readouterr()
    assert said.out == "start,end,title\n0:00.5,0:01.5,Café\n"
    assert "Windows-1252" in said.err


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_whole_file_whose_sound_is_longer_is_not_incomplete(suffix, make):
    probed = probe(make(f"film.{suffix}", [], sound=6.0))

    assert not probed.truncated
    assert probed.video.notes == ()
    assert probed.video.duration == pytest.approx(3.43, abs=0.05)


def test_a_list_may_end_where_the_sound_does(make, tmp_path):
    film = make("film.mp4", [], sound=3.9)
    listed = tmp_path / "list.json"
    listed.write_text('[{"title": "x", "start": 1, "end": 3.9}]')
    taken = asyncio.run(accepted(film, listed, tmp_path / "out"))

    assert spans(taken.plan) == [("x", 1, 3.43)]
    assert "One scene ends after the video: it ends with the video." in taken.notes


def test_an_edl_counts_from_the_start_timecode_of_the_video(make, tmp_path):
    film = make("film.mov", [], "-timecode", "14:23:10:00")
    listed = tmp_path / "cut.edl"
    listed.write_text(
        "001  CAM V C 14:23:11:00 14:23:12:15 01:00:00:00 01:00:01:15\n* FROM CLIP NAME: One\n"
    )
    taken = asyncio.run(accepted(film, listed, tmp_path / "out"))

    assert spans(taken.plan) == [("One", 1, 2.5)]
    assert "The list counts from the video's start timecode 14:23:10:00, which is taken off." in (
        taken.notes
    )
