"""What is asked for is checked before anything starts, also where the clips are to go."""

import os
from pathlib import Path

import pytest
from peers.relay import Fault
from peers.s3 import SECRET, Bucket

from viralclip.app.request import DestinationError, NotTextError, Request, accept
from viralclip.errors import OutputNotWritableError
from viralclip.plan import Options
from viralclip.storage.opening import open_storage


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
