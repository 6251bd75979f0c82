"""A crop set by hand stands as it was set."""

import numpy as np
import pytest

from viralclip.geometry import Size
from viralclip.reframe.algorithms import plan_camera
from viralclip.reframe.path import Pin
from viralclip.reframe.windows import crop_windows

TALL = 9 / 16


def windows(footage, *pins: Pin, times: tuple[float, ...]):
    path = plan_camera(footage, TALL, "basic", pins=pins)
    return crop_windows(path, np.array(times))


def test_one_pin_holds_for_the_whole_scene(make_footage):
    footage = make_footage(cuts=(2.0,))

    found = windows(footage, Pin(1.0, 500, 100, 270), times=(0.0, 1.0, 3.0, 5.9))
    assert found == pytest.approx(np.tile([500, 100, 270, 480], (4, 1)))


def test_between_two_pins_of_a_shot_the_window_moves_smoothly(make_footage):
    pins = Pin(1.0, 100, 0, 404), Pin(3.0, 700, 0, 404)

    x = windows(make_footage(), *pins, times=tuple(np.arange(0, 6, 0.04)))[:, 0]
    assert x[:25] == pytest.approx(100)
    assert x[76:] == pytest.approx(700)
    assert np.all(np.diff(x) >= 0)
    assert np.abs(np.diff(x, n=2)).max() < 2


def test_no_pan_crosses_a_cut(make_footage):
    pins = Pin(3.0, 700, 0, 404), Pin(1.0, 100, 0, 404)

    found = windows(make_footage(cuts=(2.0,)), *pins, times=(1.5, 1.99, 2.0, 2.5))
    assert found[:, 0].tolist() == [100, 100, 700, 700]


def test_a_shot_without_pins_keeps_what_stood_before(make_footage):
    footage = make_footage(cuts=(2.0, 4.0))
    pins = Pin(0.0, 100, 0, 404), Pin(2.0, 300, 0, 404)

    assert windows(footage, *pins, times=(5.0,))[0, 0] == 300


def test_a_pin_out_of_the_frame_is_put_inside(make_footage):
    found = windows(make_footage(), Pin(0.0, 1200, -50, 900), times=(0.0,))

    assert found[0] == pytest.approx([1280 - 404, 0, 404, 720])


@pytest.mark.parametrize("width", [0.0, 1.0, 33.3])
def test_any_width_gives_an_even_window(make_footage, width):
    path = plan_camera(make_footage(size=Size(641, 359)), TALL, "basic", pins=[Pin(0, 5, 5, width)])

    size = path.takes[0].size
    assert size == size.even()
    assert min(size.width, size.height) >= 2


def test_the_pins_are_the_keyframes(make_footage):
    path = plan_camera(
        make_footage(), TALL, "basic", pins=[Pin(0.0, 0, 0, 404), Pin(6.0, 9, 0, 404)]
    )

    assert path.keyframes == 2
    assert path.speaker_switches == 0
