"""Idempotency keys in Firestore."""

from google.api_core import exceptions as refusals

from viralclip.catalog.firestore.client import Firestore
from viralclip.catalog.firestore.documents import equal, hashed
from viralclip.catalog.records import Claim


class FirestoreIdempotencyKeys:
    """What each idempotency key stands for."""

    def __init__(self, firestore: Firestore) -> None:
        self._claims = firestore.db.collection("claims")

    async def claim(self, owner: str, key: str, digest: str, job_id: str) -> Claim:
        mine = Claim(digest=digest, job_id=job_id)
        try:
            await self._claims.document(hashed(owner, key)).create(mine.model_dump())
        except refusals.AlreadyExists:
            return await self.find(owner, key) or mine
        return mine

    async def find(self, owner: str, key: str) -> Claim | None:
        fields = (await self._claims.document(hashed(owner, key)).get()).to_dict()
        return Claim.model_validate(fields) if fields is not None else None

    async def forget(self, job_id: str) -> None:
        async for found in equal(self._claims, job_id=job_id).stream():
            await found.reference.delete()
