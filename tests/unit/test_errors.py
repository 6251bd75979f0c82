"""The tree of errors."""

import errno
import pickle
from collections.abc import Iterator
from string import Formatter

import pytest

from viralclip import errors
from viralclip.errors import (
    DiskFullError,
    Fault,
    FaultyInputError,
    InvalidRequestError,
    InvalidScenesError,
    RenderFailedError,
    RenderStalledError,
    UnknownStyleError,
    ViralclipError,
    is_disk_full,
    known_codes,
    known_error,
)


def tree(kind: type[ViralclipError]) -> Iterator[type[ViralclipError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from tree(below)


KINDS = [kind for kind in tree(ViralclipError) if kind.__module__ == errors.__name__]
NAMES = [kind.__name__ for kind in KINDS]


def sample(kind: type[ViralclipError]) -> ViralclipError:
    if issubclass(kind, FaultyInputError):
        return kind([Fault("scenes[2].end", "00:01:75 is not a time")])
    parts = list(Formatter().parse(kind.__doc__ or ""))
    return kind(
        detail="last words", **{name: 7 if spec else name for _, name, spec, _ in parts if name}
    )


def test_every_error_has_a_code_of_its_own():
    codes = [kind.__dict__.get("code") for kind in KINDS]

    assert None not in codes
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_codes_are_snake_case(kind):
    assert kind.code.replace("_", "").isalpha()
    assert kind.code == kind.code.lower()


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_messages_are_one_sentence_on_one_line(kind):
    message = sample(kind).message

    assert message[0].isupper()
    assert message.endswith(".")
    assert "\n" not in message
    assert "{" not in message


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_errors_survive_being_kept(kind):
    error = sample(kind)

    kept = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(kept) is kind
    assert kept.message == error.message
    assert kept.detail == error.detail
    assert kept.facts == error.facts


def test_requests_are_never_worth_repeating():
    assert not any(kind.retryable for kind in tree(InvalidRequestError))


def test_facts_fill_the_message():
    error = UnknownStyleError(name="blur", known="split, original")

    assert str(error) == "There is no style named blur; choose from split, original."
    assert error.facts == {"name": "blur", "known": "split, original"}


def test_numbers_are_written_short():
    assert "for 30 s" in RenderStalledError(seconds=30.0).message


def test_detail_is_for_the_log_and_not_for_the_message():
    error = RenderStalledError(seconds=1, detail="/srv/videos/a.mp4: broken pipe")

    assert "/srv" not in str(error)
    assert error.detail == "/srv/videos/a.mp4: broken pipe"


def test_a_forgotten_fact_is_found_at_once():
    with pytest.raises(KeyError):
        UnknownStyleError(name="blur")


def test_faults_say_their_place_if_they_have_one():
    assert str(Fault("line 7", "x is not a time")) == "line 7: x is not a time"
    assert str(Fault("", "the list holds no scenes")) == "the list holds no scenes"


def test_all_faults_of_a_scene_list_are_kept_in_order():
    faults = [Fault("line 1", "a"), Fault("line 9", "b")]
    error = InvalidScenesError(faults)

    assert error.faults == tuple(faults)
    assert error.detail == "line 1: a\nline 9: b"
    assert error.message == "The scene list has 2 fault(s)."


def test_the_known_codes_are_those_of_this_package_alone():
    class StrangeError(ViralclipError):
        """An extension's error."""

        code = "strange"

    known = known_codes()

    assert {kind.code for kind in KINDS} <= known
    assert StrangeError.code not in known


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (RuntimeError("database or disk is full"), True),
        (PermissionError(errno.EACCES, "Permission denied"), False),
        (None, False),
    ],
)
def test_want_of_room_is_seen_by_whoever_reports_it(error: Exception | None, *, full: bool):
    outer = RuntimeError("not written")
    outer.__cause__ = error

    assert is_disk_full(error) is full
    assert is_disk_full(outer) is full


def test_an_error_of_any_kind_is_given_its_place_in_the_tree():
    own = RenderFailedError()
    full = OSError(errno.ENOSPC, "No space left on device")
    bug = ValueError("a bug")

    assert known_error(own) is own
    assert isinstance(known_error(full), DiskFullError)
    assert (known_error(bug).code, known_error(bug).__cause__) == ("internal", bug)
