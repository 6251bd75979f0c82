"""One opened Firestore, which all tables share."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from google.api_core import exceptions as refusals
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1.async_document import AsyncDocumentReference
from google.cloud.firestore_v1.base_document import DocumentSnapshot

from viralclip.errors import InvalidRequestError

Document = dict[str, Any]
Change = Callable[[Document | None], Document | None]

LOST = (
    refusals.FailedPrecondition,
    refusals.AlreadyExists,
    refusals.NotFound,
    refusals.Aborted,
)
_HELLO_S = 10.0
_CONTENTION_S = 30.0


class CatalogUnavailableError(InvalidRequestError):
    """Firestore does not let us in; check the project, the credentials and the network."""

    code = "catalog_unavailable"


class Firestore:
    """The database behind `firestore://project` or `firestore://project/database`."""

    def __init__(self, url: str) -> None:
        project, _, database = url.removeprefix("firestore://").partition("/")
        self._project = project
        self._database = database or None

    async def __aenter__(self) -> Self:
        try:
            self.db = firestore.AsyncClient(project=self._project, database=self._database)
            async with asyncio.timeout(_HELLO_S):
                await self.db.collection("hello").document("hello").get()
        except (refusals.GoogleAPIError, GoogleAuthError, TimeoutError) as error:
            raise CatalogUnavailableError(detail=repr(error)) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.db.close()

    async def change(self, place: AsyncDocumentReference, change: Change) -> Document | None:
        """What the document is after `change` of what it was; a change of None leaves it alone.

        Whoever is overtaken by another's change looks again and decides anew.
        """
        async with asyncio.timeout(_CONTENTION_S):
            while True:
                found = await place.get()
                was = found.to_dict()
                fields = change(was)
                if fields is None:
                    return was
                with suppress(*LOST):
                    await self._write(place, found, fields)
                    return (was or {}) | fields
                await asyncio.sleep(random.random() / 20)  # noqa: S311 - so as not to meet again

    async def change_existing(
        self, place: AsyncDocumentReference, change: Callable[[Document], Document | None]
    ) -> Document | None:
        """As `change`, of a document that is there; one that is not stays so."""
        return await self.change(place, lambda was: change(was) if was is not None else None)

    async def _write(
        self, place: AsyncDocumentReference, found: DocumentSnapshot, fields: Document
    ) -> None:
        if found.exists:
            unchanged = self.db.write_option(last_update_time=found.update_time)
            await place.update(fields, option=unchanged)
        else:
            await place.create(fields)
