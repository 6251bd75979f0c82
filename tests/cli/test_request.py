"""What is asked for is checked before anything starts, also where the clips are to go."""

from pathlib import Path

import pytest
from peers.relay import Fault
from peers.s3 import SECRET, Bucket

from viralclip.cli.request import DestinationError, Request, accept
from viralclip.plan import Options
from viralclip.storage import open_storage


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
