"""An S3 server in a process of its own, with a bucket and a faulty relay for each test."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from peers.relay import Relay

_SERVER = """
import logging
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
app = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""
SECRET = "not-for-any-eyes"  # noqa: S105 - the peer takes any


@dataclass(frozen=True)
class Bucket:
    """An empty bucket behind a relay; `env` is what a process needs in order to use it."""

    name: str
    relay: Relay
    client: Any

    @property
    def url(self) -> str:
        return f"s3://{self.name}/clips"

    @property
    def env(self) -> dict[str, str]:
        return credentials(self.relay.address)

    def objects(self) -> dict[str, int]:
        """Every object that can be seen, and its size."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return {each["Key"]: each["Size"] for each in found}

    def content(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def unfinished(self) -> list[str]:
        """Keys of uploads that were begun and neither completed nor given up."""
        found = self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", ())
        return [each["Key"] for each in found]


def credentials(address: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "key-id",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


@pytest.fixture
def bucket(s3_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_port}",
        aws_access_key_id="key-id",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    with Relay("127.0.0.1", s3_port) as relay:
        for variable, value in credentials(relay.address).items():
            monkeypatch.setenv(variable, value)
        yield Bucket(name, relay, client)
    client.close()
