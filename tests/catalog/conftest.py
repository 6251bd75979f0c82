"""Databases for the catalog: each test gets an empty one of every kind."""

from pathlib import Path

import pytest

DATABASES = ("sqlite", "postgres", "firestore")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state' / 'catalog.db'}"


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """Where an empty catalog is; another database is another name and a fixture `NAME_url`."""
    return request.getfixturevalue(f"{request.param}_url")
