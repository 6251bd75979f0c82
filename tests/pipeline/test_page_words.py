"""The page has words for every code that reaches it without a message.

A clip that is tried again and a job that a worker ends name the code alone; one without words is
taken for the name of somebody who cancelled.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import viralclip.pipeline.clip  # noqa: F401 - all that makes clips
from viralclip.errors import ViralclipError

ERRORS = Path(__file__).parents[2] / "web" / "src" / "words" / "errors.ts"
# Where errors come from that a worker meets while it makes clips.
MADE_BY = re.compile(r"viralclip\.(errors|pipeline|media|storage|analysis|speech|processes)\b")
# What has no words, and why it needs none.
NEVER_SENT = {"invalid_input": "nothing raises it: lists and transcripts have codes of their own"}


def kinds(above: type[ViralclipError]) -> Iterator[type[ViralclipError]]:
    for kind in above.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_code_that_a_worker_can_name_has_words_on_the_page():
    table = re.search(
        r"CODES: Record<string, string> = \{(.*?)\n\};", ERRORS.read_text(), re.DOTALL
    )
    worded = set(re.findall(r"^  (\w+): ", table[1], re.MULTILINE)) if table else set()
    raised = {kind.code for kind in kinds(ViralclipError) if MADE_BY.match(kind.__module__)}

    assert {"render_failed", "storage_full", "rendition_lost"} <= raised
    assert sorted(raised - worded) == sorted(NEVER_SENT)
