"""What is asked for is checked before anything starts, also where the clips are to go."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from peers.relay import Fault
from peers.s3 import SECRET, Bucket

from viralclip.app.captions import caption_source
from viralclip.app.destination import DestinationError, NotTextError
from viralclip.app.rendering import check
from viralclip.app.request import Request, accept, options_for
from viralclip.errors import (
    CaptionsUnavailableError,
    InvalidTranscriptError,
    OutputNotWritableError,
    UnknownCaptionAreaError,
    UnknownCaptionStyleError,
)
from viralclip.plan import Options
from viralclip.scenes import Scene
from viralclip.settings import read_settings
from viralclip.storage.opening import open_storage
from viralclip.words.transcript import Word


@pytest.fixture
def request_to(source, tmp_path: Path):
    """`request_to(out)` asks for clips of a small video there."""
    scenes = tmp_path / "scenes.csv"
    scenes.write_text("title,start,end\nOne,0,1\n")

    def make(out: str) -> Request:
        styles = ("original",)
        return Request(
            source=source("small"), scenes=scenes, styles=styles, out=out, options=Options()
        )

    return make


async def test_clips_may_go_to_a_bucket_that_can_be_written_to(bucket: Bucket, request_to):
    accepted = await accept(request_to(bucket.url), open_storage)

    assert accepted.storage_url == bucket.url
    assert bucket.objects() == {}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("status", times=99, status=403, code="AccessDenied"), "refused"),
        (Fault("status", times=99), "did not answer"),
    ],
    ids=["forbidden", "down"],
)
async def test_a_store_that_cannot_be_used_is_named_before_anything_starts(
    bucket: Bucket, request_to, fault: Fault, said: str
):
    bucket.relay.faults.append(Fault(fault.how, 99, (), fault.status, fault.code))
    with pytest.raises(DestinationError) as refusal:
        await accept(request_to(bucket.url), open_storage)

    assert refusal.value.message == (
        f"Clips cannot be stored in s3://{bucket.name}, it {said};"
        " `viralclip doctor` says what to check."
    )


async def test_credentials_in_an_address_are_refused_and_not_repeated(request_to):
    with pytest.raises(DestinationError) as refusal:
        await accept(request_to(f"s3://me:{SECRET}@bucket/clips"), open_storage)

    assert SECRET not in f"{refusal.value.message} {refusal.value.detail}"


async def test_a_folder_is_made_if_need_be(tmp_path: Path, request_to):
    accepted = await accept(request_to(str(tmp_path / "a" / "b")), open_storage)

    assert accepted.storage_url == (tmp_path / "a" / "b").as_uri()
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("", "Clips cannot be written to a folder without a name; give one with --out."),
        ("{file}", "; list.csv is a file; give a folder."),
        ("{file}/a/b", "; list.csv is a file; give a folder."),
        ("/proc/clips", "; no folders can be made in /proc; give another."),
        ("{folder}/" + "x" * 300, "; the name is too long; give a shorter one."),
        ("{folder}/loop/a", "; there is no such user's folder, or links lead round in a circle."),
    ],
)
async def test_an_output_folder_that_cannot_be_is_refused_with_the_reason(
    tmp_path: Path, request_to, out: str, said: str
):
    (tmp_path / "list.csv").touch()
    (tmp_path / "loop").symlink_to("loop")
    out = out.format(file=tmp_path / "list.csv", folder=tmp_path)
    with pytest.raises(OutputNotWritableError) as refusal:
        await accept(request_to(out), open_storage)

    assert refusal.value.message.endswith(said)


@pytest.mark.parametrize("out", ["http://example.com/clips", "ftp://host/clips", "clips://x"])
async def test_an_address_that_is_no_store_is_refused_with_those_that_are(request_to, out: str):
    with pytest.raises(DestinationError, match="give a folder or az://, file://, gs://, s3://"):
        await accept(request_to(out), open_storage)


async def test_an_output_folder_that_is_not_utf_8_leads_into_no_other(tmp_path: Path, request_to):
    with pytest.raises(NotTextError, match=r"of the output folder o\\xe9,"):
        await accept(request_to(f"{tmp_path}/o\udce9"), open_storage)

    assert os.listdir(os.fsencode(tmp_path)) == [b"scenes.csv"]  # noqa: PTH208 - as bytes


SRT = "1\n00:00:00,100 --> 00:00:00,900\nwell then\n"


async def captioned(request_to, tmp_path: Path, text: str | None = SRT, **options):
    """What is accepted of a request with a transcript in a file."""
    request = request_to(str(tmp_path / "out"))
    source = None
    if text is not None:
        source = tmp_path / "talk.srt"
        source.write_text(text, encoding="utf-8")
    options = options_for(read_settings({}), **options)
    return await accept(replace(request, captions=source, options=options), open_storage)


async def test_a_transcript_gives_each_scene_its_words(request_to, tmp_path):
    accepted = await captioned(request_to, tmp_path, caption_style="pop", caption_area="ads")

    [scene] = accepted.plan.scenes
    assert [word.text for word in scene.words or ()] == ["well", "then"]
    shown = accepted.plan.options.captions
    assert (shown.mode, shown.style, shown.area, shown.burn) == ("given", "pop", "ads", True)


async def test_words_in_the_scene_list_are_shown_unless_captions_are_switched_off(
    request_to, tmp_path
):
    request = request_to(str(tmp_path / "out"))
    word = Word(text="mine", start=0.1, end=0.5)
    own = replace(request, scenes=(Scene(start=0, end=1, words=(word,)),))

    shown = await accept(own, open_storage)
    silent = await accept(replace(own, captions="none"), open_storage)
    without = await accept(request, open_storage)
    modes = [each.plan.options.captions.mode for each in (shown, silent, without)]
    assert modes == ["given", "none", "none"]


async def test_faults_of_a_transcript_are_named_before_anything_starts(request_to, tmp_path):
    with pytest.raises(InvalidTranscriptError) as refused:
        await captioned(request_to, tmp_path, SRT.replace("00,900", "75,900"))
    assert "line" in str(refused.value.faults[0])
    with pytest.raises(InvalidTranscriptError, match="1 fault"):
        await captioned(request_to, tmp_path, "1\n00:00:01,500 --> 00:00:02,000\nlater\n")
    with pytest.raises(InvalidTranscriptError) as refused:
        await captioned(request_to, tmp_path, SRT.replace("well", "語"))
    assert refused.value.faults[0].place == "scene 1"
    with pytest.raises(UnknownCaptionStyleError):
        await captioned(request_to, tmp_path, caption_style="loud")
    with pytest.raises(UnknownCaptionAreaError):
        await captioned(request_to, tmp_path, caption_area="attic")


async def test_a_transcript_that_cannot_be_read_is_named(request_to, tmp_path):
    request = replace(request_to(str(tmp_path / "out")), captions=tmp_path / "gone.srt")
    with pytest.raises(InvalidTranscriptError) as refused:
        await accept(request, open_storage)

    assert str(refused.value.faults[0]).startswith("gone.srt: cannot be read")


def test_auto_and_none_are_no_files():
    named = [caption_source(name) for name in (None, "auto", "none", "talk.srt")]
    assert named == [None, "auto", "none", Path("talk.srt")]


async def test_an_ffmpeg_without_libass_is_refused_before_anything_starts(
    request_to, tmp_path, ffmpeg
):
    bare = tmp_path / "ffmpeg"
    bare.write_text(f'#!/bin/sh\n"{ffmpeg}" "$@" | sed "s/ ass  */ asr /"\n')
    bare.chmod(0o755)
    transcript = tmp_path / "talk.srt"
    transcript.write_text(SRT)
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path), "VIRALCLIP_FFMPEG": str(bare)})
    request = replace(request_to(str(tmp_path / "out")), captions=transcript)

    with pytest.raises(CaptionsUnavailableError):
        await check(request, settings)
    beside = options_for(settings, burn_captions=False)
    assert (await check(replace(request, options=beside), settings)).plan.scenes[0].words
