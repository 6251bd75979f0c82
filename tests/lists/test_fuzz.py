"""No bytes make anything but scenes with notes, or faults that can be printed."""

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from viralclip.errors import InvalidScenesError
from viralclip.scenes import MAX_SCENES, parse_scenes

FILES = [path.read_bytes() for path in sorted((Path(__file__).parent / "files").iterdir())]
ENDINGS = st.sampled_from(["csv", "edl", "json", "llc", "otio", "srt", "txt", "xml", "cue", ""])
VIDEOS = st.sampled_from(
    [(60.0, 25.0, ""), (None, 30000 / 1001, "01:00:00;00"), (9.5, 120.0, "23:59:59:24")]
)
JUNK = st.sampled_from(
    [
        b"\0",
        b"\xff",
        b";",
        b"{",
        b"]",
        b'"',
        b"-->",
        b"9" * 30,
        b"null",
        b"\n",
        b"\\",
        b"1e999",
        b"<",
    ]
)


@st.composite
def mangled(draw):
    """A list as a tool writes it, with something in it changed, lost or doubled."""
    data = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 12))
        piece = draw(JUNK | st.binary(max_size=6) | st.just(data[at : at + 2 * length]))
        data = data[:at] + piece + data[at + length :]
    return data


@given(mangled() | st.binary(max_size=200), ENDINGS, VIDEOS)
@example(b"FPS: 1\n00:00:00:99,00:00:01:00,x", "csv", (60.0, 0.4, ""))
@example(b";FFMETADATA1\n[CHAPTER]\nSTART=\x01\nEND=5", "txt", (60.0, 25.0, ""))
@settings(max_examples=600)
def test_whatever_the_bytes_there_are_scenes_or_faults(data, ending, video):
    duration, fps, timecode = video
    scenes, notes, faults = (), (), ()
    try:
        reading = parse_scenes(
            data, name=f"list.{ending}", duration=duration, fps=fps, timecode=timecode
        )
        scenes, notes = reading.scenes, reading.notes
    except InvalidScenesError as error:
        faults = error.faults

    assert bool(scenes) != bool(faults)
    assert all(str(line).isprintable() for line in (*notes, *faults))
    assert len({scene.id for scene in scenes}) == len(scenes) <= MAX_SCENES
    assert all(0 <= scene.start < scene.end <= (duration or scene.end) for scene in scenes)
