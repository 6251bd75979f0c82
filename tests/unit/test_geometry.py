"""Sizes, aspects and crops."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.errors import InvalidAspectError
from viralclip.geometry import ASPECTS, Rect, Size, crop, output_size, parse_aspect

SIDES = st.integers(min_value=2, max_value=8192)
SHARES = st.floats(min_value=-1, max_value=2)


def test_aspect_is_width_over_height():
    assert Size(1920, 1080).aspect == 16 / 9


@pytest.mark.parametrize(
    ("size", "even"), [(Size(1281, 721), Size(1280, 720)), (Size(640, 360), Size(640, 360))]
)
def test_even_sizes_lose_at_most_one_pixel_a_side(size, even):
    assert size.even() == even


def test_a_rectangle_knows_its_size():
    assert Rect(5, 6, 30, 40).size == Size(30, 40)


@pytest.mark.parametrize("value", ASPECTS)
def test_known_aspects_are_read(value):
    assert f"{parse_aspect(value).numerator}:{parse_aspect(value).denominator}" == value


@pytest.mark.parametrize("value", ["", "9x16", "9:16 ", "2:1", "0:0", "9:0"])
def test_unknown_aspects_are_refused_with_the_known_ones(value):
    with pytest.raises(InvalidAspectError) as raised:
        parse_aspect(value)

    assert "9:16, 1:1, 4:5, 16:9" in raised.value.message


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        ("9:16", Size(1080, 1920)),
        ("1:1", Size(1080, 1080)),
        ("4:5", Size(1080, 1350)),
        ("16:9", Size(1920, 1080)),
    ],
)
def test_outputs_have_a_short_side_of_1080(aspect, size):
    assert output_size(parse_aspect(aspect)) == size


@given(st.sampled_from(ASPECTS), st.integers(min_value=64, max_value=4320))
def test_outputs_are_even_at_any_short_side(aspect, short_side):
    size = output_size(parse_aspect(aspect), short_side=short_side)

    assert size == size.even()
    assert short_side - min(size.width, size.height) in {0, 1}
    assert size.aspect == pytest.approx(float(parse_aspect(aspect)), rel=0.05)


def test_a_portrait_crop_takes_the_full_height_and_the_asked_place():
    assert crop(Rect(0, 0, 1920, 1080), 9 / 16, centre_x=0.5) == Rect(657, 0, 606, 1080)
    assert crop(Rect(0, 0, 1920, 1080), 9 / 16, centre_x=0.0) == Rect(0, 0, 606, 1080)
    assert crop(Rect(0, 0, 1920, 1080), 9 / 16, centre_x=1.0) == Rect(1314, 0, 606, 1080)


def test_a_wide_crop_of_a_portrait_takes_the_full_width():
    assert crop(Rect(0, 0, 1080, 1920), 16 / 9, centre_y=0.25) == Rect(0, 177, 1080, 606)


@given(SIDES, SIDES, st.sampled_from(ASPECTS), SHARES, SHARES)
def test_crops_are_even_and_stay_inside_their_region(width, height, aspect, x, y):
    region = Rect(11, 7, width, height)

    cut = crop(region, float(parse_aspect(aspect)), centre_x=x, centre_y=y)

    assert cut.size == cut.size.even()
    assert region.x <= cut.x <= cut.x + cut.width <= region.x + width
    assert region.y <= cut.y <= cut.y + cut.height <= region.y + height


@given(SIDES, SIDES, st.sampled_from(ASPECTS))
def test_crops_fill_their_region_on_one_side(width, height, aspect):
    ratio = parse_aspect(aspect)
    cut = crop(Rect(0, 0, width, height), float(ratio))

    assert width - cut.width <= 1 or height - cut.height <= 1
    assert cut.width <= max(2, Fraction(height) * ratio + 1)
