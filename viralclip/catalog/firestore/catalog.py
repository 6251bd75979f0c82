"""The catalog in Firestore."""

from viralclip.catalog.firestore.client import Firestore
from viralclip.catalog.firestore.clip_runs import FirestoreClipRuns
from viralclip.catalog.firestore.clips import FirestoreClips
from viralclip.catalog.firestore.idempotency_keys import FirestoreIdempotencyKeys
from viralclip.catalog.firestore.jobs import FirestoreJobs
from viralclip.catalog.firestore.learned_times import FirestoreLearnedTimes
from viralclip.catalog.firestore.runs import FirestoreRuns
from viralclip.catalog.firestore.tokens import FirestoreTokens
from viralclip.catalog.firestore.videos import FirestoreVideos
from viralclip.catalog.port import Catalog


def firestore_catalog(firestore: Firestore) -> Catalog:
    """The tables of the opened database."""
    jobs, clips = FirestoreJobs(firestore), FirestoreClips(firestore)
    return Catalog(
        jobs=jobs,
        runs=FirestoreRuns(firestore, jobs, clips),
        clips=clips,
        clip_runs=FirestoreClipRuns(firestore),
        videos=FirestoreVideos(firestore),
        idempotency_keys=FirestoreIdempotencyKeys(firestore),
        learned_times=FirestoreLearnedTimes(firestore),
        tokens=FirestoreTokens(firestore),
    )
