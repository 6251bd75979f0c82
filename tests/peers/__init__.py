"""What viralclip speaks to, started by the tests themselves so that it can be broken."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """A peer that is not here: on a laptop its tests are left out, in CI they fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
