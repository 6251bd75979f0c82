"""Writes the four boards of Grafana into dashboards/: python -m deploy.grafana.boards"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.grafana import delivery, fleet, time_left, worker
from deploy.grafana.panels import Board, Kind, Panel, Variable

FOLDER = Path(__file__).with_name("dashboards")
SOURCE = {"type": "prometheus", "uid": "prometheus"}
_COLUMNS = 24

BOARDS = (fleet.BOARD, worker.BOARD, delivery.BOARD, time_left.BOARD)


def path_of(board: Board) -> Path:
    return FOLDER / f"{board.uid}.json"


def as_json(board: Board) -> str:
    about: dict[str, Any] = {
        "uid": board.uid,
        "title": board.title,
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "tags": ["viralclip"],
        "links": [{"type": "dashboards", "tags": ["viralclip"], "title": "Boards"}],
        "templating": {"list": [_choice(board.variable)] if board.variable else []},
        "panels": list(_laid_out(board.panels)),
    }
    return json.dumps(about, indent=1, ensure_ascii=False) + "\n"


def _choice(variable: Variable) -> dict[str, Any]:
    values = f"label_values({variable.values_of}, instance)"
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": values, "refId": "A"},
        "definition": values,
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _laid_out(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    """Panels from left to right; a row is as high as its panels."""
    x = y = 0
    row = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > _COLUMNS or (x and panel.height != row):
            x, y = 0, y + row
        row = panel.height
        yield _panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": panel.height})
        x += panel.width


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.kind == "timeseries":
        defaults["custom"] = {"fillOpacity": 10, "showPoints": "never", "spanNulls": True}
    return {
        "id": number,
        "title": panel.title,
        "description": panel.says,
        "type": panel.kind,
        "gridPos": place,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel.kind),
        "targets": [
            {
                "refId": letter,
                "datasource": SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "exemplar": panel.kind == "timeseries" and "histogram_quantile" in query.expr,
            }
            for letter, query in zip("ABCDEFGH", panel.queries, strict=False)
        ],
    }


def _options(kind: Kind) -> dict[str, Any]:
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"]}, "graphMode": "area"}
    return {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for board in BOARDS:
        path_of(board).write_text(as_json(board), encoding="utf-8")


if __name__ == "__main__":
    write()
