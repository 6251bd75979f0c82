"""Tokens in Firestore: one document for each, named as its user is."""

from datetime import UTC, datetime

from google.api_core import exceptions as refusals
from google.cloud.firestore_v1.base_document import DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from viralclip.catalog.firestore.client import Firestore
from viralclip.catalog.tokens import Account, TokenNameTakenError, hash_of, new_token


class FirestoreTokens:
    """The tokens beside the catalog's records."""

    def __init__(self, firestore: Firestore) -> None:
        self._tokens = firestore.db.collection("tokens")

    async def create(self, name: str, *, expires_at: datetime | None = None) -> str:
        token = new_token()
        fields = {"name": name, "hash": hash_of(token), "created_at": datetime.now(UTC)}
        fields["expires_at"] = expires_at
        try:
            await self._tokens.document(name).create(fields)
        except refusals.AlreadyExists as error:
            raise TokenNameTakenError(name=name) from error
        return token

    async def owner_of(self, token: str) -> str | None:
        same = self._tokens.where(filter=FieldFilter("hash", "==", hash_of(token)))
        async for found in same.limit(1).stream():
            account = _account(found)
            expired = account.expires_at is not None and account.expires_at <= datetime.now(UTC)
            return None if expired else account.name
        return None

    async def exist(self) -> bool:
        return bool([found async for found in self._tokens.limit(1).stream()])

    async def all(self) -> list[Account]:
        return [_account(found) async for found in self._tokens.order_by("name").stream()]

    async def revoke(self, name: str) -> bool:
        place = self._tokens.document(name)
        if not (await place.get()).exists:
            return False
        await place.delete()
        return True


def _account(found: DocumentSnapshot) -> Account:
    return Account(
        name=found.get("name"),
        created_at=found.get("created_at"),
        expires_at=found.get("expires_at"),
    )
