"""Servers that tests start for themselves, on free ports and in folders of their own."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Self
from urllib.request import urlopen
from uuid import uuid4

import psycopg
import pytest
import redis

_PATIENCE_S = 60.0
_POSTGRES_USER = "postgres"
PROMETHEUS_PACKAGES = "prometheus prometheus-alertmanager"
# Everybody may come in, and nothing has to survive a power cut.
_AT_ONCE = ("--auth=trust", "--no-sync")
_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30  # noqa: S108 - a folder of its own in it


@dataclass
class Server:
    """A process that can be killed, frozen and started again; it ends when the tests do."""

    command: list[str]
    folder: Path
    port: int
    user: str | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        command = [*_as_user(self.user), "--pdeathsig", "KILL", *self.command]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not self.answers():
            assert self.process
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail((self.folder / "server.log").read_text(errors="replace")[-4000:])
            time.sleep(0.05)

    def answers(self) -> bool:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGINT)

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the process if it runs; a frozen one has to be woken to hear a TERM."""
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.send_signal(signal.SIGCONT)
        self.process.wait(_PATIENCE_S)
        self.process = None

    def freeze(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)


class RedisServer(Server):
    """redis-server; with `appendonly` it forgets nothing when it is killed."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=5)

    def answers(self) -> bool:
        with suppress(redis.RedisError, OSError), self.client() as client:
            return bool(client.ping())
        return False


class WebServer(Server):
    """A server of the Prometheus family, which says by itself when it is ready."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        with suppress(OSError), urlopen(f"{self.url}/-/ready", timeout=5) as answer:  # noqa: S310
            return answer.status == HTTPStatus.OK
        return False


class PostgresServer(Server):
    """postgres, which never runs as root."""

    def url(self, database: str) -> str:
        return f"postgresql://{_POSTGRES_USER}@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        with suppress(psycopg.Error), self.connect():
            return True
        return False

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5)

    def restart(self) -> None:
        """As an administrator would: connections are cut, what was committed stays."""
        self.end(signal.SIGINT)
        self.start()

    def create_database(self, *, like: str = "template1") -> str:
        """The URL of a new database with what is in the other; by itself there is nothing in it."""
        name, other = f"t{uuid4().hex[:12]}", like.rpartition("/")[2]
        with self.connect() as connection:
            connection.execute(f'create database "{name}" template "{other}"'.encode())
        return self.url(name)

    def drop_database(self, url: str) -> None:
        name = url.rpartition("/")[2]
        with self.connect() as connection:
            connection.execute(f'drop database if exists "{name}" with (force)'.encode())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_redis(folder: Path, *options: str) -> RedisServer:
    """A redis-server that is not started yet."""
    executable = program("redis-server", "redis-server")
    port = free_port()
    quiet = ["--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    return RedisServer([executable, "--port", str(port), *quiet, *options], folder, port)


def make_postgres(folder: Path, *, guests: str | None = None) -> PostgresServer:
    """A postgres with an empty cluster in `folder`, not started yet.

    It lets `guests` in, a network such as 10.1.2.0/24, besides whoever is on this machine.
    """
    binaries = _postgres_binaries()
    user = _POSTGRES_USER if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    port = free_port()
    cluster = folder / "cluster"
    subprocess.run(
        [*_as_user(user), binaries / "initdb", "-D", cluster, "-U", _POSTGRES_USER, *_AT_ONCE],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    settings: dict[str, object] = {"fsync": "off", "full_page_writes": "off"}
    settings |= {"max_connections": 300, "unix_socket_directories": folder}
    loose = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    if guests:
        with (cluster / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {guests} trust\n")
    addresses = "*" if guests else "127.0.0.1"
    listen = ["-p", str(port), "-c", f"listen_addresses={addresses}"]
    return PostgresServer(
        [str(binaries / "postgres"), "-D", str(cluster), *listen, *loose], folder, port, user
    )


def make_web_server(command: list[str], folder: Path) -> WebServer:
    """A Prometheus or an Alertmanager that is not started yet."""
    port = free_port()
    return WebServer([*command, f"--web.listen-address=127.0.0.1:{port}"], folder, port)


def missing(what: str, package: str) -> None:
    """Skip the test for want of a service; where everything must be there, fail."""
    why = f"{what} is missing; install it with: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    with _folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server that all tests share; whoever breaks servers makes an own one."""
    with _folder() as folder:
        server = make_redis(folder)
        server.start()
        yield server
        server.end()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Where a redis is that knows nothing."""
    with redis_server.client() as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def redis_cluster_node(server_folder: Path) -> Iterator[str]:
    """Where a redis is that belongs to a cluster: of one node, which has all slots."""
    options = {
        "cluster-enabled": "yes",
        "cluster-port": str(free_port()),
        "cluster-config-file": str(server_folder / "nodes.conf"),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    with make_redis(server_folder, *words) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        yield server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server that all tests share; whoever breaks servers makes an own one."""
    with _folder() as folder:
        server = make_postgres(folder)
        server.start()
        yield server
        server.end(signal.SIGINT)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Where an empty database is."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


def _as_user(user: str | None) -> list[str]:
    """A command's beginning: the user it runs as, which need not be able to read our Python."""
    switch = ["--reuid", user, "--regid", user, "--init-groups"] if user else []
    return ["setpriv", *switch]


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder outside of pytest's, which no other user may enter: servers do not run as root.

    In memory where there is room, as a database is a thousand files.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    place = _MEMORY if roomy else None
    with tempfile.TemporaryDirectory(prefix="viralclip-test-", dir=place) as folder:
        yield Path(folder)


def program(name: str, package: str) -> str:
    """Where the program is; without it the test is left out, or fails where it must be there."""
    found = shutil.which(name)
    if found is None:
        missing(name, package)
        raise AssertionError
    return found


def _postgres_binaries() -> Path:
    """Debian keeps them out of the PATH, a folder for each version."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        missing("postgres", "postgresql")
    return versions[-1].parent
