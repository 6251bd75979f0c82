"""Digests name kept clips and jobs that are resumed: they stay what earlier versions made them."""

import json

import pytest
from pydantic import ValidationError

from viralclip.plan import Options, Plan, StyleChoice, Video, make_plan
from viralclip.scenes import Scene, parse_scenes
from viralclip.steps import ANALYSED_ROUTE
from viralclip.styles.registry import scene_options

VIDEO = Video(
    name="talk.mp4",
    path="media/talk.mp4",
    width=1920,
    height=1080,
    duration=90.0,
    fps="30000/1001",
    has_audio=True,
    identity="abc",
)
STYLES = (
    StyleChoice(name="split"),
    StyleChoice(name="streamer_split"),
    StyleChoice(name="intelligent", route=ANALYSED_ROUTE),
)
SCENES: dict[str, dict[str, object]] = {
    "plain": {},
    "webcam": {"webcam": {"x": 0.7, "y": 0, "width": 0.3, "height": 0.35}},
    "crop": {"crop": {"x": 0.1, "y": 0, "width": 0.32}},
    "both": {
        "crop": [
            {"time": "0:01", "x": 0.1, "y": 0, "width": 0.32},
            {"time": 3.5, "x": 0.5, "y": 0.25, "width": 0.32},
        ],
        "webcam": {"x": 0, "y": 0.5, "width": 0.25, "height": 0.5},
    },
}

# The digest of the plan, then those of its clips.
DIGESTS: dict[str, list[str]] = {
    "plain": [
        "d9f8503947ed861a58c9aee20b6fe671",
        "6a34ee62a01d4bb0f28c1479ddc9f782",
        "e5be1d485b67e99669e09733c084747c",
        "32dd11bbb19fe65326cf0e96f8734a4f",
    ],
    "webcam": [
        "bcf009efda23e9cd878ddbdba6c212dc",
        "d4c448f2b1fa62e5a7471a283073cd8b",
        "80be476d9b050101c49b985b7ab70f67",
        "356381831c542faeaed64ff3d28c69f7",
    ],
    "crop": [
        "b08b962d4f7a24e4ca89795c247bcea5",
        "c065f23dd64bce097ea637906b4dbdb8",
        "7d44525d9bf3fda83eb58b2a9677d622",
        "76d1cc73422b05bf50ab8db136eed4e4",
    ],
    "both": [
        "890f8506b4fad68e2452846dbbc8cd6a",
        "c26eba16f43037ad5b0056059c2dcd14",
        "a5fd0e1aa52ece56eb56be2eaf9766ae",
        "8267a71ec7594842f6b30c607d500f56",
    ],
}


def planned(kind: str) -> Plan:
    rows = json.dumps([{"title": "Intro", "start": 1, "end": 9} | SCENES[kind]])
    reading = parse_scenes(
        rows, name="scenes.json", duration=90.0, fps=30.0, options=scene_options()
    )
    return make_plan(VIDEO, reading.scenes, STYLES, Options())


@pytest.mark.parametrize("kind", SCENES)
def test_jobs_and_clips_of_earlier_versions_are_found_by_their_digests(kind):
    plan = planned(kind)

    assert [plan.digest, *(clip.digest for clip in plan.clips())] == DIGESTS[kind]


def test_a_scene_that_an_earlier_version_stored_is_read_and_written_as_it_was():
    stored = (
        '{"id":1,"title":"Intro","start":1.0,"end":9.0,'
        '"webcam":{"x":0.7,"y":0.0,"width":0.3,"height":0.35},"crop":[]}'
    )

    assert Scene.model_validate_json(stored) == planned("webcam").scenes[0]
    assert Scene.model_validate_json(stored).model_dump_json(exclude={"words"}) == stored


def test_a_scene_keeps_what_it_tells_a_style_of_another_package():
    scene = Scene(start=1, end=9, options={"turn": "left"})

    assert scene.model_dump()["turn"] == "left"
    assert Scene.model_validate_json(scene.model_dump_json()) == scene
    with pytest.raises(ValidationError):
        Scene.model_validate("a scene")
