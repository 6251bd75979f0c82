"""Alerts fire when they should and no oftener, are over again, lead somewhere, and reach people."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml
from expressions import faults_of
from inbox import Inbox
from services import PROMETHEUS_PACKAGES, make_web_server, program

from deploy.grafana import boards
from deploy.prometheus import rules
from viralclip.telemetry import thresholds
from viralclip.telemetry.alert_words import RUNBOOKS, WORDS

ROOT = Path(__file__).parent.parent.parent
PROMETHEUS = ROOT / "deploy" / "prometheus"
CASES = sorted((PROMETHEUS / "tests").glob("*.yaml"))
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yaml"

GROUPS: list[dict[str, Any]] = yaml.safe_load(rules.RULES.read_text(encoding="utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
TESTS = [
    test for path in CASES for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
]
# Name, severity and window; each is a rule of its own.
Rule = tuple[str, str, str]


def rule_of(labels: dict[str, str], name: str) -> Rule:
    return name, labels["severity"], labels.get("window", "")


def test_the_rules_are_made_of_the_thresholds() -> None:
    assert rules.RULES.read_text(encoding="utf-8") == rules.rules(), "run `make generated`"


def test_every_threshold_and_service_level_has_its_alert() -> None:
    ours = {limit.alert for limit in thresholds.LIMITS}
    ours |= {level.alert for level in thresholds.SERVICE_LEVELS}

    assert ours < {alert["alert"] for alert in ALERTS}
    assert {alert["alert"] for alert in ALERTS} == set(WORDS)


def test_a_budget_that_cannot_burn_so_fast_has_no_such_alert() -> None:
    windows = {
        level: {a["labels"]["window"] for a in ALERTS if a["alert"] == level.alert}
        for level in thresholds.SERVICE_LEVELS
    }

    assert windows.pop(thresholds.TIME_LEFT_HOLDS) == {"6h", "1d"}
    assert all(each == {"1h", "6h", "1d"} for each in windows.values())


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_to_do_and_leads_to_its_runbook_and_board(alert: dict[str, Any]) -> None:
    about = alert["annotations"]
    runbook = (ROOT / "docs" / "how-to" / "operate.md").read_text(encoding="utf-8")

    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert about["summary"].endswith(".")
    assert about["description"].endswith(".")
    assert about["runbook_url"] == f"{RUNBOOKS}#{alert['alert'].lower()}"
    assert re.search(rf"^### {alert['alert']}$", runbook, re.MULTILINE)
    assert about["dashboard"].partition("/d/")[2] in {board.uid for board in boards.BOARDS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_rules_ask_for_metrics_labels_and_buckets_that_exist(rule: dict[str, Any]) -> None:
    recorded = {rule["record"] for rule in RULES if "record" in rule}

    assert faults_of(rule["expr"], recorded=recorded) == []


def test_the_series_of_the_cases_are_metrics_that_exist() -> None:
    series = {each["series"] for test in TESTS for each in test["input_series"]}

    assert {fault for each in series for fault in faults_of(each)} == set()


def test_prometheus_takes_the_rules() -> None:
    promtool("check", "rules", "--lint-fatal", rules.RULES)


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_alerts_fire_and_resolve_as_the_cases_say(cases: Path) -> None:
    promtool("test", "rules", cases)


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_groups_are_looked_at_in_their_order_for_one_reads_what_another_wrote(cases: Path) -> None:
    order = yaml.safe_load(cases.read_text(encoding="utf-8"))["group_eval_order"]

    assert order == [group["name"] for group in GROUPS]


def test_every_alert_has_a_case_in_which_it_fires_and_resolves() -> None:
    proved: set[Rule] = set()
    for test in TESTS:
        looks = sorted(test["promql_expr_test"], key=lambda look: minutes(look["eval_time"]))
        firing: set[Rule] = set()
        for look in looks:
            now = {fired(sample["labels"]) for sample in look["exp_samples"]}
            proved |= {rule for rule in firing if rule not in now}
            firing = now

    assert proved == {rule_of(alert["labels"], alert["alert"]) for alert in ALERTS}


def test_no_alert_at_all_fires_in_a_deploy_an_idle_night_and_a_fleet_of_no_worker() -> None:
    quiet = yaml.safe_load((PROMETHEUS / "tests" / "quiet.yaml").read_text())["tests"]

    assert [test["name"].partition(" - ")[0] for test in quiet] == [
        "deploy",
        "idle",
        "scaled to zero",
    ]
    for test in quiet:
        for look in test["promql_expr_test"]:
            assert look["expr"] == 'count(ALERTS{alertstate="firing"})'
            assert look["exp_samples"] == []


def fired(sample: str) -> Rule:
    """What an expected sample is about: severities are implied where it has none."""
    labels = dict(re.findall(r'(\w+)="([^"]*)"', sample))
    known = {rule_of(a["labels"], a["alert"]) for a in ALERTS if a["alert"] == labels["alertname"]}
    (found,) = {
        rule
        for rule in known
        if labels.get("severity", rule[1]) == rule[1] and labels.get("window", "") == rule[2]
    }
    return found


def minutes(text: str) -> int:
    return int(text.removesuffix("m"))


def promtool(*arguments: str | Path) -> None:
    run(program("promtool", PROMETHEUS_PACKAGES), *arguments)


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Slack and PagerDuty."""
    with Inbox() as inbox:
        yield inbox


def test_alertmanager_takes_its_configuration_and_routes_by_severity() -> None:
    amtool = program("amtool", PROMETHEUS_PACKAGES)

    run(amtool, "check-config", ALERTMANAGER)
    for severity, receivers in (("page", "pagerduty,slack"), ("ticket", "slack")):
        routed = run(
            *(amtool, "config", "routes", "test", f"--config.file={ALERTMANAGER}"),
            f"severity={severity}",
        )
        assert routed.strip() == receivers


def test_alertmanager_reads_its_secrets_from_files_that_compose_brings() -> None:
    text = ALERTMANAGER.read_text(encoding="utf-8")
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    named = set(re.findall(r"_file: /run/secrets/(\w+)", text))

    assert named == set(compose["services"]["alertmanager"]["secrets"])
    assert named <= set(compose["secrets"])
    assert not re.search(r"(api_url|routing_key|service_key|pagerduty_url): ", text)


def test_inhibitions_speak_of_alerts_that_exist() -> None:
    rules_of = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))["inhibit_rules"]
    matchers = " ".join(
        matcher for rule in rules_of for side in rule if side != "equal" for matcher in rule[side]
    )
    named = set(re.findall(r"\b([A-Z]\w+)\b", matchers))

    assert named
    assert named <= set(WORDS)


def test_a_page_reaches_slack_and_pagerduty_and_so_does_its_end(
    tmp_path: Path, inbox: Inbox
) -> None:
    config = tmp_path / "alertmanager.yaml"
    config.write_text(_with_own_addresses(tmp_path, inbox.url), encoding="utf-8")
    command = [
        program("prometheus-alertmanager", PROMETHEUS_PACKAGES),
        f"--config.file={config}",
        f"--storage.path={tmp_path}",
        "--cluster.listen-address=",
    ]
    page = next(alert for alert in ALERTS if alert["alert"] == "NoWorker")
    with make_web_server(command, tmp_path) as server:
        _post_alert(server.url, page, ends_in=timedelta(hours=1))
        # What follows from it is not told beside it.
        starved = next(alert for alert in ALERTS if alert["alert"] == "SlotsStarved")
        _post_alert(server.url, starved, ends_in=timedelta(hours=1))
        begun = dict((inbox.next(), inbox.next()))
        # Else it would be told as soon as the page is over, on a busy machine before that.
        _post_alert(server.url, starved, ends_in=timedelta(seconds=-1))
        _post_alert(server.url, page, ends_in=timedelta(seconds=-1))
        over = dict((inbox.next(), inbox.next()))

    assert begun["/slack"]["attachments"][0]["title"] == "NoWorker"
    assert page["annotations"]["summary"] in begun["/slack"]["attachments"][0]["text"]
    assert page["annotations"]["runbook_url"] in begun["/slack"]["attachments"][0]["text"]
    assert begun["/pagerduty"]["event_action"] == "trigger"
    assert begun["/pagerduty"]["routing_key"] == "a key of the test"
    assert begun["/pagerduty"]["payload"]["severity"] == "critical"
    assert over["/slack"]["attachments"][0]["title"] == "Over: NoWorker"
    assert over["/pagerduty"]["event_action"] == "resolve"
    assert over["/pagerduty"]["dedup_key"] == begun["/pagerduty"]["dedup_key"]


def _with_own_addresses(folder: Path, url: str) -> str:
    """The configuration with the test's addresses and secrets, and with less patience."""
    text = ALERTMANAGER.read_text(encoding="utf-8")
    for name, content in (("slack_url", f"{url}/slack"), ("pagerduty_key", "a key of the test")):
        (folder / name).write_text(content, encoding="utf-8")
        text = text.replace(f"/run/secrets/{name}", str(folder / name))
    text = text.replace("global:\n", f"global:\n  pagerduty_url: {url}/pagerduty\n")
    text = re.sub(r"group_wait: \w+", "group_wait: 500ms", text)
    return re.sub(r"group_interval: \w+", "group_interval: 1s", text)


def _post_alert(url: str, alert: dict[str, Any], *, ends_in: timedelta) -> None:
    now = datetime.now(UTC)
    body = [
        {
            "labels": {"alertname": alert["alert"], **alert["labels"]},
            "annotations": alert["annotations"],
            "startsAt": (now - timedelta(minutes=5)).isoformat(),
            "endsAt": (now + ends_in).isoformat(),
        }
    ]
    headers = {"Content-Type": "application/json"}
    request = Request(f"{url}/api/v2/alerts", json.dumps(body).encode(), headers)  # noqa: S310
    with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
        assert answer.status == 200
