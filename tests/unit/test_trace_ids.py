"""Trace ids as W3C Trace Context has them, and span ids that follow from what they are about."""

import pytest

from viralclip.trace_ids import is_trace_id, parse_traceparent, span_id

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{SPAN}-01",
        f" 00-{TRACE}-{SPAN}-00 ",
        f"01-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-what-later-versions-add",
    ],
)
def test_a_callers_trace_and_span_are_read(header):
    assert parse_traceparent(header) == (TRACE, SPAN)


@pytest.mark.parametrize(
    "header",
    [
        "",
        TRACE,
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0x",
        f"\u0660\u0660-{TRACE}-{SPAN}-01",
    ],
)
def test_what_is_no_traceparent_is_none(header):
    assert parse_traceparent(header) is None


def test_a_trace_id_is_32_hexadecimal_digits_that_are_not_all_0():
    assert is_trace_id(TRACE)
    assert not any(map(is_trace_id, ("t", "0" * 32, TRACE.upper(), TRACE + "0", f"{TRACE}\n")))


def test_a_span_has_the_same_id_wherever_it_is_asked_for_and_no_other_has_it():
    places = [(), ("a", 1), ("a", "11"), ("a", 1, 1), ("a1", 1)]
    ids = {span_id(TRACE, *place) for place in places} | {span_id(TRACE[::-1], "a", 1)}

    assert span_id(TRACE, "a", 1) == span_id(TRACE, "a", "1")
    assert len(ids) == len(places) + 1
    assert all(len(each) == 16 and int(each, 16) for each in ids)
