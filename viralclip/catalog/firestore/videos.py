"""Videos in Firestore."""

from collections.abc import Collection
from datetime import UTC, datetime

from google.cloud.firestore_v1.base_query import FieldFilter

from viralclip.catalog.firestore.client import Firestore
from viralclip.catalog.firestore.documents import documents, equal, hashed, pages, rank
from viralclip.catalog.firestore.summaries import SUMMARY, summary_of
from viralclip.plan import Video


class FirestoreVideos:
    """The videos, each as its owner knows it."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore
        self._jobs = firestore.db.collection("jobs")
        self._videos = firestore.db.collection("videos")

    async def add(self, owner: str, video: Video) -> None:
        await remember(self._firestore, owner, video, datetime.now(UTC))

    async def of(self, owner: str) -> list[Video]:
        videos: list[Video] = []
        async for page in pages(self._videos, "place", f"{hashed(owner)}."):
            videos += (Video.model_validate_json(found.get("facts")) for found in page)
        return videos

    async def find(self, owner: str, identity: str) -> Video | None:
        fields = (await self._videos.document(hashed(owner, identity)).get()).to_dict()
        return Video.model_validate_json(fields["facts"]) if fields is not None else None

    async def forget(self, owner: str, identity: str) -> None:
        await self._videos.document(hashed(owner, identity)).delete()

    async def forget_at(self, paths: Collection[str]) -> None:
        async for found in self._videos.stream():
            if Video.model_validate_json(found.get("facts")).path in paths:
                await found.reference.delete()

    async def paths_in_use(self, since: datetime | None = None) -> frozenset[str]:
        queries = [equal(self._jobs, running=True)]
        if since is not None:
            later = FieldFilter("finished_at", ">=", since.astimezone(UTC))
            queries.append(self._jobs.where(filter=later))
        return frozenset(
            [
                (await summary_of(self._firestore, fields)).video_path
                for query in queries
                async for fields in documents(query.select(SUMMARY))
            ]
        )


async def remember(firestore: Firestore, owner: str, video: Video, at: datetime) -> None:
    """The latest place of the video is the one that counts; when it was first added stays."""
    facts = {"facts": video.model_dump_json()}
    new = facts | {"place": f"{hashed(owner)}.{rank(at)}.{video.identity}"}
    await firestore.change(
        firestore.db.collection("videos").document(hashed(owner, video.identity)),
        lambda was: new if was is None else facts,
    )
