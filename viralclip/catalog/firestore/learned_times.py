"""What was learned of how long clips take, in Firestore."""

from viralclip.catalog.firestore.client import Document, Firestore
from viralclip.catalog.firestore.documents import documents
from viralclip.durations import Machine, Observation, Timings, read_model, read_timings


class FirestoreLearnedTimes:
    """The model of each stage in a document of its own."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore
        self._models = firestore.db.collection("models")

    async def read(self) -> Timings:
        states = {
            fields["stage"]: fields["state"]
            async for fields in documents(self._models.order_by("stage"))
        }
        return read_timings(states)

    async def learn(self, seen: Observation) -> Machine:
        stage = seen.workload.stage

        def observe(was: Document | None) -> Document:
            known = read_model(was["state"] if was is not None else "").observe(seen)
            return {"stage": stage, "state": known.model_dump_json()}

        state = await self._firestore.change(self._models.document(stage), observe)
        return read_model(state["state"] if state else "").machines[seen.machine]
