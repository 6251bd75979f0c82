"""What an upload to an object store pays for progress, being stoppable and being read back."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import obstore
from obstore.store import from_url

from bench.figures import Figure, spread
from viralclip.storage.opening import open_storage

UPLOAD_AT_MOST = 1.1
_ROUNDS = 9
_BYTES = 64 * 1024 * 1024
_BUCKET = "bench"
_SERVER = """
import logging
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""


def measure(folder: Path, *, short: bool) -> list[Figure]:
    clip = folder / "clip.mp4"
    size = _BYTES // (8 if short else 1)
    clip.write_bytes(os.urandom(size))
    with _bucket():
        return [asyncio.run(_upload(clip, size, 2 if short else _ROUNDS))]


async def _upload(clip: Path, size: int, rounds: int) -> Figure:
    """Turn by turn, so that whatever else the machine does hits both alike."""
    url = f"s3://{_BUCKET}/clips"
    storage = open_storage(url)
    raw = from_url(url, client_options={"allow_http": True})
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await storage.put(clip, "clip.mp4", on_progress=lambda _: None)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        await obstore.put_async(raw, "raw.mp4", clip)
        bare.append(time.perf_counter() - began)
    ratio = statistics.median(ours) / statistics.median(bare)
    made_of = f"{spread(ours, 's')} / {spread(bare, 's')}, {size >> 20} MiB"
    return Figure("upload to S3: time / the library alone", ratio, "", made_of, UPLOAD_AT_MOST)


@contextmanager
def _bucket() -> Iterator[None]:
    """An empty bucket in an S3 server of its own, known to the environment."""
    command = [sys.executable, "-c", _SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        address = f"http://127.0.0.1:{int(process.stdout.readline())}"
        os.environ |= {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1",
        }
        boto3.client("s3").create_bucket(Bucket=_BUCKET)
        try:
            yield
        finally:
            process.kill()
