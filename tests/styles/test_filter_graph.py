"""Filter graphs: what is meant is what FFmpeg reads."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph, escape, join, line

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
SPECIAL = st.text(r"\':=,;[]{}%#@ $()" + '"\t\n\r|/-' + "aß漢😀", min_size=1)
NASTY = (
    r"it's 50%: [a],b;c\d=e",
    "'",
    r"\\'\'",
    " leading and trailing ",
    "\t\n",
    "[v]",
    "a=b:c=d",
    "-hide",
    "/etc/passwd",
    "日本語 ünïcode 😀",
    "%{pts}",
)


@given(TEXT | SPECIAL)
def test_any_text_as_an_argument_is_read_back_intact(text):
    graph_level = _token(escape(text) + "[v]", ends="[],;")
    option_level = _token(graph_level + ":next=1", ends=":")

    assert option_level == text


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXT.filter(bool) | SPECIAL, min_size=1, max_size=12))
def test_ffmpeg_reads_any_text_as_it_was_meant(ffmpeg, texts):
    assert _read_by(ffmpeg, texts) == _printed(texts)


def test_ffmpeg_reads_nasty_text_as_it_was_meant(ffmpeg):
    assert _read_by(ffmpeg, NASTY) == _printed(NASTY)


def test_ffmpeg_reads_positional_text_with_an_equals_sign(ffmpeg):
    graph = line(
        Filter.of("metadata", "add", "key=a", "x=y:z"), Filter.of("metadata", "print", file="-")
    )

    assert b"key=a=x=y:z\n" in _run(ffmpeg, graph)


def test_ffmpeg_draws_a_title_full_of_its_own_syntax(ffmpeg):
    title = Filter.of("drawtext", text=NASTY[0], expansion="none", fontsize=12)
    if b"drawtext" not in ffmpeg("-filters"):
        pytest.skip("this FFmpeg has no drawtext")

    assert _run(ffmpeg, line(title)) == b""


def test_a_nul_character_is_refused():
    with pytest.raises(ValueError, match="NUL"):
        escape("a\0b")


@pytest.mark.parametrize("name", ["", "scale=1", "a,b", "[v]", "é"])
def test_names_that_could_be_syntax_are_refused(name):
    with pytest.raises(ValueError, match="cannot name"):
        Filter.of(name)
    with pytest.raises(ValueError, match="cannot name"):
        Filter.of("scale", **{name: 1})
    with pytest.raises(ValueError, match="cannot name"):
        Chain((Filter.of("null"),), (name,))
    with pytest.raises(ValueError, match="cannot name"):
        line(Filter.of("null")).render(input=name)


def test_a_graph_is_written_between_the_labels_it_is_given():
    graph = Graph(
        (
            Chain((Filter.of("split"),), (IN,), ("a", "b")),
            Chain((Filter.of("hflip"), Filter.of("scale", 4, 2, flags="area")), ("a",), ("c",)),
            Chain((Filter.of("hstack"),), ("c", "b"), (OUT,)),
        )
    )

    assert graph.render(input="0:v", output="v") == (
        "[0:v]split[v_a][v_b];[v_a]hflip,scale=4:2:flags=area[v_c];[v_c][v_b]hstack[v]"
    )


def test_graphs_are_joined_end_to_end():
    split = Graph(
        (
            Chain((Filter.of("split"),), (IN,), ("a", "b")),
            Chain((Filter.of("hstack"),), ("a", "b"), (OUT,)),
        )
    )

    assert join(line(Filter.of("fps", 30)), split, split).render() == (
        "[0:v]fps=30[v_join1];"
        "[v_join1]split[v_part1_a][v_part1_b];[v_part1_a][v_part1_b]hstack[v_join2];"
        "[v_join2]split[v_part2_a][v_part2_b];[v_part2_a][v_part2_b]hstack[v]"
    )


def test_a_graph_joined_with_nothing_is_itself():
    graph = line(Filter.of("null"))

    assert join(graph) == graph


def test_a_graph_with_loose_pads_is_refused():
    null = (Filter.of("null"),)
    for chains, pads in (
        ((), "in, out"),
        ((Chain(null, (IN,), ("a",)),), "a, out"),
        ((Chain(null, (IN,), ("a",)), Chain(null, ("b",), (OUT,))), "a, b"),
        ((Chain(null), Chain(null)), "in, out"),
    ):
        with pytest.raises(ValueError, match=f"exactly once: {pads}$"):
            Graph(chains)


def test_a_chain_without_filters_is_refused():
    with pytest.raises(ValueError, match="at least one filter"):
        Chain(())


def _read_by(ffmpeg, texts) -> bytes:
    added = [
        Filter.of("metadata", "add", key=f"key{place}", value=text)
        for place, text in enumerate(texts)
    ]
    return _run(ffmpeg, line(*added, Filter.of("metadata", "print", file="-")))


def _printed(texts) -> bytes:
    lines = [f"key{place}={text}\n" for place, text in enumerate(texts)]
    return "".join(["frame:0    pts:0       pts_time:0\n", *lines]).encode()


def _run(ffmpeg, graph: Graph) -> bytes:
    source = ["-f", "lavfi", "-i", "color=size=64x48:rate=1:duration=1"]
    return ffmpeg(*source, "-filter_complex", graph.render(), "-map", "[v]", "-f", "null", "-")


def _token(text: str, *, ends: str) -> str:
    """What FFmpeg's av_get_token reads: quotes and backslashes resolved, bare blanks trimmed."""
    text = text.lstrip(" \n\t\r")
    read: list[str] = []
    kept = 0
    place = 0
    while place < len(text) and text[place] not in ends:
        if text[place] == "\\" and place + 1 < len(text):
            read.append(text[place + 1])
            place += 2
            kept = len(read)
        elif text[place] == "'":
            quoted, _, _ = text[place + 1 :].partition("'")
            read += quoted
            place += len(quoted) + 2
            kept = len(read)
        else:
            read.append(text[place])
            place += 1
    tail = re.sub(r"[ \n\t\r]+$", "", "".join(read[kept:]))
    return "".join(read[:kept]) + tail
