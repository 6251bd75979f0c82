"""What is in deploy/ fits the program: settings that exist, pinned images, no secrets."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from expressions import FOREIGN, faults_of
from services import PROMETHEUS_PACKAGES, program

from viralclip.cli.app import app

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined] - a group has commands
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
TEXTS = [
    path
    for path in sorted(DEPLOY.rglob("*"))
    if path.is_file() and path.parent.name != "__pycache__"
]
# A tag that names one release: never `latest`, a branch or a major version alone.
PINNED = re.compile(r"[\w./-]+:(v?\d+\.\d+\.\d+|\d+\.\d+|RELEASE\.\d{4}-\d\d-\d\dT[\d-]+Z)[\w.-]*")


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


COMPOSE: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KUBERNETES = [
    document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
CONTAINERS = [
    (document, container)
    for document in KUBERNETES
    if document["kind"] == "Deployment"
    for container in document["spec"]["template"]["spec"]["containers"]
]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", read("Dockerfile"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines]


def images() -> Iterator[str]:
    yield from (service["image"] for service in SERVICES.values())
    yield from (container["image"] for _, container in CONTAINERS)
    yield from (rest.split()[0] for name, rest in instructions() if name == "FROM")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_is_named_exists(path: Path):
    source = (ROOT / "viralclip" / "settings" / "reading.py").read_text(encoding="utf-8")
    known = set(re.findall(r'"(VIRALCLIP_[A-Z_]+)"', source))
    named = set(re.findall(r"VIRALCLIP_[A-Z_]+", path.read_text(encoding="utf-8")))

    assert named - known == set()


@pytest.mark.parametrize("image", sorted(set(images())))
def test_every_image_is_pinned_to_a_release(image: str):
    assert PINNED.fullmatch(image)


def test_our_own_image_has_the_version_of_the_package():
    own = {image for image in images() if image.startswith("viralclip:")}

    assert own == {f"viralclip:{VERSION}"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_no_secret_has_a_value(path: Path):
    words = "PASSWORD|SECRET|ACCESS_KEY|PASS"
    secret = re.compile(rf"^\s*(\w*(?:{words})\w*)[ \t]*[:=][ \t]*(.*)$", re.MULTILINE)
    for name, value in secret.findall(path.read_text(encoding="utf-8")):
        assert value == "" or value.startswith("${"), name
    assert not re.search(r"://[^/\s:$]+:[^$@\s/]+@", path.read_text(encoding="utf-8"))


def test_every_variable_of_the_compose_file_is_in_the_example_and_must_be_given():
    wanted = dict(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)(:\?)?", read("compose.yaml")))
    # Compose itself demands those that a secret is made of.
    wanted |= {each["environment"]: ":?" for each in COMPOSE["secrets"].values()}
    example = set(re.findall(r"^([A-Z0-9_]+)=", read("env.example"), re.MULTILINE))

    assert set(wanted) == example
    assert set(wanted.values()) == {":?"}


def test_the_parts_that_are_waited_for_are_there_and_can_tell_that_they_are_ready():
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            assert name in SERVICES
            assert wait["condition"] != "service_healthy" or "healthcheck" in SERVICES[name]


def test_volumes_and_files_that_are_mounted_exist():
    named = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if ":" in volume
    }
    files = {name for name in named if name.startswith(".")}

    assert {name for name in files if not (DEPLOY / name).exists()} == set()
    assert named - files == set(COMPOSE["volumes"])


def test_only_loopback_is_published():
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", ["server", "worker"])
def test_our_containers_run_a_command_that_exists_with_few_rights(name: str):
    service = SERVICES[name]
    command, *options = service["command"]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert command in {*COMMANDS, "worker"}
    if command in COMMANDS:
        known = {name for option in COMMANDS[command].params for name in _names(option)}
        assert {option for option in options if option.startswith("--")} <= known


def _names(option: Any) -> list[str]:
    return [*option.opts, *option.secondary_opts]


def test_redis_keeps_every_event():
    command = " ".join(SERVICES["redis"]["command"])

    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command


def test_the_image_ends_as_a_user_without_rights():
    last_stage = instructions()[[name for name, _ in instructions()].index("FROM") :]
    users = [rest for name, rest in last_stage if name == "USER"]

    assert users[-1] == "10001:10001"
    assert {name for name, _ in last_stage} <= {
        *("FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "WORKDIR"),
        *("ENTRYPOINT", "CMD"),
    }


def test_the_image_installs_what_is_locked_and_copies_what_there_is():
    copies = [rest for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    copied = {word for rest in copies for word in rest.split()[:-1]}
    ignored = read("Dockerfile.dockerignore").splitlines()
    sent = {line[1:] for line in ignored if line.startswith("!")}

    assert {word for word in copied if not (ROOT / word).exists()} == set()
    assert all(any(Path(word).is_relative_to(kept) for kept in sent) for word in copied)
    assert any("--require-hashes" in rest for name, rest in instructions() if name == "RUN")
    assert all('["' in rest for name, rest in instructions() if name in {"ENTRYPOINT", "CMD"})


@pytest.mark.parametrize(("document", "container"), CONTAINERS, ids=["server", "worker"])
def test_pods_have_few_rights_bounds_and_time_to_leave(
    document: dict[str, Any], container: dict[str, Any]
):
    pod = document["spec"]["template"]["spec"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    grace = int(container["args"][-1]) if "--grace" in container["args"] else 0

    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert "memory" in container["resources"]["limits"]
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert pod.get("terminationGracePeriodSeconds", 30) > grace


def test_workers_are_scaled_by_a_deployment_and_a_metric_that_exist():
    (scaled,) = [each for each in KUBERNETES if each["kind"] == "ScaledObject"]
    names = {each["metadata"]["name"] for each in KUBERNETES if each["kind"] == "Deployment"}
    (trigger,) = scaled["spec"]["triggers"]
    env = {
        variable["name"]: variable["value"]
        for _, container in CONTAINERS
        for variable in container.get("env", ())
    }

    assert scaled["spec"]["scaleTargetRef"]["name"] in names
    assert trigger["metadata"]["threshold"] == env["VIRALCLIP_FFMPEG_SLOTS"]
    assert faults_of(trigger["metadata"]["query"]) == []


def test_every_pod_is_scraped_at_a_port_that_it_has():
    (monitor,) = [each for each in KUBERNETES if each["kind"] == "PodMonitor"]
    (chosen,) = monitor["spec"]["selector"]["matchExpressions"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    ports = {
        document["spec"]["template"]["metadata"]["labels"]["app"]: {
            port["name"]: port["containerPort"] for port in container["ports"]
        }
        for document, container in CONTAINERS
    }

    assert set(chosen["values"]) == set(ports)
    assert ports["viralclip-server"][endpoint["port"]] == 8765
    assert ports["viralclip-worker"][endpoint["port"]] == 9465


def test_every_part_that_is_scraped_is_a_service_and_every_service_of_ours_is():
    jobs = yaml.safe_load(read("prometheus/prometheus.yaml"))["scrape_configs"]
    static = {
        target.partition(":")[0]
        for job in jobs
        for each in job.get("static_configs", ())
        for target in each["targets"]
    }
    found = {
        name: each["port"]
        for job in jobs
        for each in job.get("dns_sd_configs", ())
        for name in each["names"]
    }
    port = SERVICES["worker"]["environment"]["VIRALCLIP_METRICS"]

    assert static | set(found) <= set(SERVICES)
    assert found == {"server": 8765, "worker": int(port.removeprefix(":"))}


def test_what_is_scraped_with_a_token_has_it_as_a_secret():
    jobs = yaml.safe_load(read("prometheus/prometheus.yaml"))["scrape_configs"]
    files = {job["authorization"]["credentials_file"] for job in jobs if "authorization" in job}

    assert files == {f"/run/secrets/{name}" for name in SERVICES["prometheus"]["secrets"]}


def test_every_secret_is_one_that_compose_reads_from_the_environment():
    wanted = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    given = {name: each["environment"] for name, each in COMPOSE["secrets"].items()}

    assert wanted == set(given)
    assert set(given.values()) <= set(re.findall(r"^(\w+)=", read("env.example"), re.MULTILINE))


def test_what_redis_says_is_said_by_its_exporter_and_by_nobody_else():
    assert "redis-metrics" in SERVICES
    assert {name.partition("_")[0] for name in FOREIGN} == {"up", "ALERTS", "process", "redis"}


def test_prometheus_takes_its_configuration():
    promtool = program("promtool", PROMETHEUS_PACKAGES)
    command = [promtool, "check", "config", "--syntax-only", "prometheus.yaml"]
    done = subprocess.run(
        command, cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
