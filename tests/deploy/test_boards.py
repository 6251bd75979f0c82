"""Boards are up to date, say what to make of each picture, and ask for what there is."""

import json
import re

import pytest
import yaml
from expressions import faults_of

from deploy.grafana import boards
from deploy.grafana.boards import BOARDS
from deploy.grafana.panels import Board
from deploy.prometheus import rules

PROVISIONING = boards.FOLDER.parent / "provisioning"
RECORDED = {rule["record"] for rule in rules.recorded()}
QUERIES = [
    (board, panel, query) for board in BOARDS for panel in board.panels for query in panel.queries
]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_the_json_is_up_to_date(board: Board) -> None:
    assert boards.path_of(board).read_text(encoding="utf-8") == boards.as_json(board), (
        "run `make generated`"
    )


def test_there_is_no_other_board() -> None:
    assert {path.stem for path in boards.FOLDER.iterdir()} == {board.uid for board in BOARDS}


def test_every_panel_says_what_to_make_of_it() -> None:
    panels = [panel for board in BOARDS for panel in board.panels]

    assert [panel.title for panel in panels if not panel.says.endswith(".")] == []
    assert all(panel.queries for panel in panels)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_no_two_panels_lie_on_each_other_or_beyond_the_edge(board: Board) -> None:
    places = [panel["gridPos"] for panel in json.loads(boards.as_json(board))["panels"]]
    cells = [
        (x, y)
        for at in places
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_every_query_asks_for_metrics_labels_and_buckets_that_exist() -> None:
    faults = {fault for *_, query in QUERIES for fault in faults_of(query.expr, recorded=RECORDED)}

    assert faults == set()


def test_legends_name_labels_that_the_query_keeps() -> None:
    for board, panel, query in QUERIES:
        kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", query.expr))))
        kept |= {"service_level"}

        assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= kept, (board.uid, panel.title)


def test_boards_ask_the_source_that_is_provisioned_from_the_folder_that_is_mounted() -> None:
    sources = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yaml").read_text())
    (source,) = sources["datasources"]
    folders = yaml.safe_load((PROVISIONING / "dashboards" / "viralclip.yaml").read_text())
    compose = yaml.safe_load((boards.FOLDER.parent.parent / "compose.yaml").read_text())
    mounts = [volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"]]

    assert {"type": source["type"], "uid": source["uid"]} == boards.SOURCE
    assert ["./grafana/dashboards", folders["providers"][0]["options"]["path"]] in mounts
