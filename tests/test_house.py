"""The rules of the house: sizes, imports, and words that a stranger would search for.

`python -m bench house` prints the figures; `bench/reasons.py` has what is larger for a reason.
"""

import re

import pytest

from bench.house import (
    MOST_ENTRANCE_LINES,
    MOST_LINES,
    MOST_MEMBERS,
    PACKAGE,
    ROOT,
    WRITTEN,
    Module,
    bags,
    entrances,
    function_lines,
    knotted,
    long_files,
    names,
    nine_in_ten,
    one_caller,
    ports,
    read,
)
from bench.reasons import LONG, REPLACED, WIDE

MOST_FUNCTION_LINES = 25
MOST_ONE_CALLER_PERCENT = 10

# What somebody who has never seen the code would search for, and finds.
CONCEPTS = (
    "heartbeat",
    "lease",
    "dedup",
    "takeover",
    "partial upload",
    "stale lock",
    "backoff",
    "backpressure",
    "cleanup",
    "cancel on disconnect",
)


@pytest.fixture(scope="module")
def modules() -> tuple[Module, ...]:
    return tuple(read(PACKAGE))


def test_files_are_short_or_have_a_reason():
    long = long_files(ROOT)

    assert {name: lines for name, lines in long.items() if name not in LONG} == {}


def test_a_long_file_is_found_wherever_people_write(tmp_path):
    written = {"viralclip/a.py", "bench/b/c.py", "deploy/d.py", "web/src/e.ts", "web/src/f.svelte"}
    for name in (*written, "web/src/api.gen.ts", "web/src/g.json", "docs/h.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n" * (MOST_LINES + 1))

    assert set(long_files(tmp_path)) == written
    assert [folder for folder in WRITTEN if not (ROOT / folder).is_dir()] == []


def test_no_reason_is_given_for_what_is_small(modules):
    wide = bags(modules) | ports(modules)
    large = {name for name, size in wide.items() if size > MOST_MEMBERS}

    assert set(LONG) <= set(long_files(ROOT)), f"files of at most {MOST_LINES} lines"
    assert set(WIDE) <= large, f"at most {MOST_MEMBERS} members"
    assert all({**LONG, **WIDE}.values())


def test_packages_are_entered_through_few_lines(modules):
    lines = entrances(modules)

    assert {name: many for name, many in lines.items() if many > MOST_ENTRANCE_LINES} == {}


def test_no_modules_import_each_other(modules):
    assert knotted(modules) == []


def test_ports_and_values_have_few_members_or_a_reason(modules):
    sizes = bags(modules) | ports(modules)

    wide = {name: size for name, size in sizes.items() if size > MOST_MEMBERS}
    assert set(wide) <= set(WIDE), wide


def test_functions_read_top_to_bottom(modules):
    share, which = one_caller(modules)

    assert nine_in_ten(function_lines(modules)) <= MOST_FUNCTION_LINES
    assert share <= MOST_ONE_CALLER_PERCENT, which


def test_replaced_words_do_not_come_back(modules):
    used = {(name, module.name) for module in modules for name in names(module)}

    assert sorted(pair for pair in used if pair[0] in REPLACED) == []


@pytest.mark.parametrize("concept", CONCEPTS)
def test_a_stranger_finds_a_concept_by_its_name(concept, modules):
    written = re.compile(concept.replace(" ", "[ _-]?"), re.IGNORECASE)

    assert [m.name for m in modules if written.search(m.path.read_text(encoding="utf-8"))]
