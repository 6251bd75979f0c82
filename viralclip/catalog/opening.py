"""Which catalog is behind a URL."""

from contextlib import AbstractAsyncContextManager

from viralclip.catalog.port import Catalog


def open_catalog(url: str) -> AbstractAsyncContextManager[Catalog]:
    """The catalog behind a URL: `sqlite:///path`, `postgresql://...` or `firestore://project`."""
    # Only the library of the one that is asked for is imported.
    if url.startswith("firestore://"):
        from viralclip.catalog.firestore import FirestoreCatalog  # noqa: PLC0415

        return FirestoreCatalog(url)
    from viralclip.catalog.sql import SqlCatalog  # noqa: PLC0415

    return SqlCatalog(url)
