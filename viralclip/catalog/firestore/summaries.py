"""Jobs as lists show them: what leaves Firestore is without the plan, which may be long."""

from viralclip.catalog.firestore.client import Document, Firestore
from viralclip.catalog.records import JobRecord, JobSummary
from viralclip.plan import Plan

# The fields to ask for.
SUMMARY = [*JobSummary.model_fields]


def job_of(fields: Document, plan: Plan | None = None) -> JobRecord:
    """The whole job; its plan is checked unless it is known."""
    known = plan or Plan.model_validate_json(fields["plan"])
    return JobRecord.model_validate({**fields, "plan": known})


def plan_fields(plan: Plan) -> Document:
    return {"plan": plan.model_dump_json(), "digest": plan.digest}


async def summary_of(firestore: Firestore, fields: Document) -> JobSummary:
    """Earlier versions kept what a list shows within the plan only."""
    if "video_path" in fields:
        return JobSummary.model_validate(fields)
    job = (await firestore.db.collection("jobs").document(fields["job_id"]).get()).to_dict()
    return job_of(job or fields).summary
