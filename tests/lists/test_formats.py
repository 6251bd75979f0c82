"""Lists as the tools write them: each file of `files` gives these scenes and these notes."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from viralclip.scenes import parse_scenes

FILES = Path(__file__).parent / "files"
NTSC = 30000 / 1001
MARKS = (
    "The list marks points: each scene runs to the next one, and the last to the end of the video."
)
DROP_FRAME = (
    "The list counts 29.97 frames per second, as its drop-frame timecodes show; the video has 25."
)
NO_ENDS = "The list has no ends: each scene runs to the next one, and the last to the video's end."


def legacy(encoding: str) -> str:
    how = "If letters look wrong, save it as UTF-8."
    return f"The file is not UTF-8; it was read as {encoding}. {how}"


@dataclass(frozen=True)
class Video:
    duration: float = 60.0
    fps: float = 25.0
    timecode: str = ""


@dataclass(frozen=True)
class Case:
    name: str
    scenes: list[tuple[str, float, float]]
    notes: tuple[str, ...] = ()
    video: Video = field(default_factory=Video)


FORMATS = [
    Case(
        "album.cue",
        [("Intro", 0.0, 10.493), ("Talk \u2013 one", 10.493, 60.0)],
    ),
    Case(
        "audacity-frequencies.txt",
        [("Intro", 10.5, 20.25), ("Outro", 30.0, 40.0)],
    ),
    Case(
        "audacity-labels.txt",
        [("Intro", 10.5, 20.25), ("Outro", 30.0, 40.0)],
    ),
    Case(
        "audacity-points.txt",
        [("A", 2.15, 12.0), ("B", 12.0, 60.0)],
        notes=(MARKS,),
    ),
    Case(
        "audition.csv",
        [("Intro", 10.5, 20.25)],
        notes=("Markers without a length are left out: Marker 02.",),
    ),
    Case(
        "chapters.vtt",
        [("Welcome", 0.0, 12.5), ("Salt & pepper", 12.5, 40.0)],
    ),
    Case(
        "comments.json5",
        [("One", 10.0, 50.0)],
    ),
    Case(
        "comskip.edl",
        [("Scene 1", 10.5, 20.25), ("Scene 2", 30.0, 60.0)],
        notes=(
            "The list says what to cut away: the scenes are what remains.",
            "Lines that mute or mark are left out: 1.",
        ),
    ),
    Case(
        "drop-frame.edl",
        [("One", 10.51, 20.02), ("Two", 60.06, 70.003)],
        notes=(DROP_FRAME,),
        video=Video(duration=90.0, fps=25.0),
    ),
    Case(
        "excel-cp1251.csv",
        [("Привет, мир", 1.0, 3.0), ("Начало", 5.0, 9.5)],
        notes=(legacy("Windows-1251 (Cyrillic)"),),
    ),
    Case(
        "ffmetadata.txt",
        [("A = B; C # D", 0.0, 12.5), ("Two lines", 20.0, 30.0)],
    ),
    Case(
        "final-cut-7.xml",
        [("One", 10.01, 20.02), ("Two", 30.0, 40.0)],
    ),
    Case(
        "final-cut-chapters.fcpxml",
        [("Intro", 0.0, 10.0), ("Talk", 10.0, 60.0)],
        notes=(MARKS,),
    ),
    Case(
        "final-cut.fcpxml",
        [("One & only", 10.0, 15.0), ("Two", 40.0, 50.0)],
    ),
    Case(
        "kdenlive-guides.json",
        [("Intro", 0.0, 10.0), ("Talk", 10.0, 60.0)],
        notes=(NO_ENDS,),
    ),
    Case(
        "lines-gb18030.txt",
        [("欢迎收看我们的节目", 0.0, 10.0), ("今天的第一个问题", 10.0, 60.0)],
        notes=(legacy("GB18030 (Chinese)"),),
    ),
    Case(
        "lines-mac-roman.txt",
        [("Café crème", 0.0, 10.0), ("Déjà vu", 10.0, 60.0)],
        notes=(legacy("Mac OS Roman"),),
    ),
    Case(
        "lines-shift-jis.txt",
        [("はじめに", 0.0, 10.0), ("日本語のタイトル", 10.0, 60.0)],
        notes=(legacy("Shift_JIS (Japanese)"),),
    ),
    Case(
        "lines-utf16be.txt",
        [("Café", 0.0, 10.0), ("日本", 10.0, 60.0)],
    ),
    Case(
        "lines-utf16le.txt",
        [("Café", 0.0, 10.0), ("日本", 10.0, 60.0)],
    ),
    Case(
        "losslesscut-frames.csv",
        [("Intro", 10.48, 20.24), ("Outro", 40.0, 50.0)],
        notes=("Read as frame numbers: as seconds they would lie beyond the end of the video.",),
    ),
    Case(
        "losslesscut-seconds.csv",
        [
            ("Starts with the video", 0.0, 10.5),
            ("Intro, quoted", 10.5, 20.25),
            ("Scene 3", 40.0, 60.0),
        ],
    ),
    Case(
        "losslesscut-times.csv",
        [("Intro", 10.5, 20.25), ("Scene 2", 40.0, 50.0)],
    ),
    Case(
        "losslesscut-times.tsv",
        [("Intro", 10.5, 20.25), ("Outro", 40.0, 50.0)],
    ),
    Case(
        "losslesscut-untitled.csv",
        [("Scene 1", 10.5, 20.25), ("Scene 2", 40.0, 50.0)],
    ),
    Case(
        "losslesscut-v1.llc",
        [("It's the intro", 10.5, 20.25), ("Scene 2", 40.0, 60.0)],
    ),
    Case(
        "losslesscut-v2.llc",
        [("Intro", 0.0, 20.25)],
        notes=(
            "Segments that are not selected in the project are left out: 1.",
            "Markers without a length are left out: A marker.",
        ),
    ),
    Case(
        "losslesscut-youtube.txt",
        [("Intro", 0.0, 10.0), ("The question", 10.0, 40.0), ("Scene 3", 40.0, 60.0)],
    ),
    Case(
        "markers.otio",
        [("Best", 10.0, 12.0)],
        notes=("Markers without a length are left out: Point.",),
    ),
    Case(
        "matroska.xml",
        [("Welcome", 0.0, 12.5), ("Guest", 20.0, 60.0)],
        notes=("Chapters that are hidden or switched off are left out: 1.",),
    ),
    Case(
        "midnight.edl",
        [("One", 8.0, 11.0), ("Two", 30.48, 31.0)],
        notes=("The list counts from the video's start timecode 23:59:50:00, which is taken off.",),
        video=Video(timecode="23:59:50:00"),
    ),
    Case(
        "mpv.edl",
        [("Scene 1", 10.5, 20.25), ("Scene 2", 30.0, 35.0)],
    ),
    Case(
        "numbered.txt",
        [("One", 0.0, 10.0), ("Two", 10.0, 20.0), ("Three", 20.0, 30.0)],
    ),
    Case(
        "ogm.txt",
        [("Welcome", 0.0, 12.5), ("Guest = friend", 12.5, 60.0)],
    ),
    Case(
        "podcast-chapters.json",
        [("Welcome", 0.0, 12.5), ("Guest", 12.5, 30.0), ("Bye", 40.0, 50.0)],
        notes=("Chapters that are not in the table of contents are left out: 1.",),
    ),
    Case(
        "podlove.xml",
        [("Intro", 0.0, 12.5), ("Q & A", 12.5, 60.0)],
    ),
    Case(
        "potplayer.pbf",
        [("Intro", 0.0, 12.5), ("Talk", 12.5, 60.0)],
    ),
    Case(
        "premiere-chapters.csv",
        [("01", 5.64, 35.64), ("02", 35.64, 60.0)],
        notes=(MARKS,),
    ),
    Case(
        "premiere-comma.csv",
        [("One, two", 10.0, 20.0)],
    ),
    Case(
        "premiere-drop-frame.csv",
        [("One", 10.51, 20.02), ("Two", 60.06, 70.003)],
        video=Video(fps=NTSC, duration=90.0),
    ),
    Case(
        "premiere-german.csv",
        [("Anfang", 10.48, 20.0), ("Größe", 30.0, 35.0)],
        notes=("Line 1 is read as a header.",),
    ),
    Case(
        "premiere-utf16.csv",
        [("Opening", 10.48, 20.0), ("Café talk", 30.0, 35.0)],
    ),
    Case(
        "premiere-utf8.txt",
        [("Opening", 10.48, 20.0), ("Café talk", 30.0, 35.0)],
    ),
    Case(
        "pyscenedetect-cuts.csv",
        [("Scene 1", 0.0, 10.0), ("Scene 2", 10.0, 20.52)],
    ),
    Case(
        "pyscenedetect-plain.csv",
        [("Scene 1", 0.0, 10.0), ("Scene 2", 10.0, 20.52)],
    ),
    Case(
        "pyscenedetect-times-only.csv",
        [("Scene 1", 0.0, 10.0), ("Scene 2", 10.0, 20.52)],
    ),
    Case(
        "pyscenedetect.edl",
        [("Scene 1", 0.0, 10.0), ("Scene 2", 10.0, 20.52)],
    ),
    Case(
        "pyscenedetect.otio",
        [("talk", 0.0, 10.0), ("talk", 10.0, 20.52)],
    ),
    Case(
        "ranges.txt",
        [("The opening", 10.0, 45.0), ("One good question", 50.5, 55.0), ("The end", 56.48, 58.0)],
    ),
    Case(
        "rate.edl",
        [("One", 10.8, 15.8)],
        notes=("The list counts 25 frames per second, as it says; the video has 50.",),
        video=Video(fps=50.0),
    ),
    Case(
        "resolve-chapters.edl",
        [("Intro", 0.0, 30.48), ("Talk", 30.48, 60.0)],
        notes=(
            "The list counts from 01:00:00:00, which is taken off.",
            MARKS,
        ),
    ),
    Case(
        "resolve-edit-index.csv",
        [("One", 2.0, 4.0), ("Two", 10.0, 13.0)],
        notes=("The list counts from the video's start timecode 14:23:10:00, which is taken off.",),
        video=Video(timecode="14:23:10:00"),
    ),
    Case(
        "resolve-markers.csv",
        [("Opening", 10.0, 20.0), ("Talk", 30.0, 35.0)],
        notes=("The list counts from 01:00:00:00, which is taken off.",),
    ),
    Case(
        "resolve-markers.edl",
        [("The opening", 10.0, 20.0)],
        notes=(
            "The list counts from 01:00:00:00, which is taken off.",
            "Markers without a length are left out: One point.",
        ),
    ),
    Case(
        "resolve.otio",
        [("One", 10.0, 15.0), ("Two", 20.0, 25.0)],
    ),
    Case(
        "sep.csv",
        [("One", 10.0, 20.0), ("Two lines", 30.0, 40.0)],
    ),
    Case(
        "show-notes-below.txt",
        [("Welcome", 0.0, 12.0), ("Guest", 12.0, 60.0)],
    ),
    Case(
        "show-notes.txt",
        [
            ("Intro", 0.0, 10.0),
            ("The question", 10.0, 20.0),
            ("The answer", 20.0, 40.0),
            ("Thanks", 40.0, 60.0),
        ],
        notes=("Lines without a time are left out: 1, 3, 8 and 1 more.",),
    ),
    Case(
        "subtitles-cp1252.srt",
        [("Café crème", 1.0, 3.0), ("“Größe” \u2013 naïve", 4.0, 6.0)],
        notes=(legacy("Windows-1252 (Western European)"),),
    ),
    Case(
        "subtitles-cr.srt",
        [("One", 1.0, 3.0), ("Two", 4.0, 6.0)],
    ),
    Case(
        "time-of-day.edl",
        [("One", 2.0, 5.0), ("Two", 20.48, 21.0)],
        notes=("The list counts from the video's start timecode 14:23:10:00, which is taken off.",),
        video=Video(timecode="14:23:10:00"),
    ),
    Case(
        "twitch-markers.csv",
        [("First try", 12.0, 40.0), ("Great moment", 40.0, 60.0)],
        notes=(NO_ENDS,),
    ),
    Case(
        "yt-dlp.info.json",
        [("Welcome", 0.0, 12.5), ("Guest", 12.5, 40.0)],
        notes=("Most replayed: 0:00 - 0:06, 0:18 - 0:30.",),
    ),
]


def read(case: Case, *, name: str = ""):
    video = case.video
    data = (FILES / case.name).read_bytes()
    return parse_scenes(
        data,
        name=name or case.name,
        duration=video.duration,
        fps=video.fps,
        timecode=video.timecode,
    )


def spans(reading):
    return [(scene.title, round(scene.start, 3), round(scene.end, 3)) for scene in reading.scenes]


@pytest.mark.parametrize("case", FORMATS, ids=lambda case: case.name)
def test_a_list_is_read_as_its_tool_means_it(case: Case):
    reading = read(case)

    assert spans(reading) == case.scenes
    assert reading.notes == case.notes


@pytest.mark.parametrize("case", FORMATS, ids=lambda case: case.name)
def test_a_list_is_known_by_its_content_alone(case: Case):
    assert spans(read(case, name="list")) == case.scenes


def test_every_file_has_its_expectation():
    assert [case.name for case in FORMATS] == sorted(path.name for path in FILES.iterdir())
