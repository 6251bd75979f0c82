"""What people do with a job that is there: cancel, retry, move it in the queue, delete it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipRecord, JobRecord, Priority
from viralclip.catalog.webhooks import Webhooks
from viralclip.server.dependencies import CatalogDep, FilesDep, JobsDep, WebhooksDep
from viralclip.server.identity import Owner
from viralclip.server.jobs import JobId, JobOut, SceneId, StyleName, find_job, job_out
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import ConflictError, NotFoundError, problems
from viralclip.server.webhook_delivery import enqueue_deliveries
from viralclip.storage.objects import Storage


class PriorityChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    priority: Priority


router = APIRouter(
    route_class=OwnerFirst,
    prefix="/api/jobs",
    tags=["jobs"],
    responses=problems(401, 403, 404, 409, 422),
)


@router.post("/{job_id}/cancel", status_code=202, operation_id="cancelJob")
async def cancel_job(job_id: JobId, owner: Owner, catalog: CatalogDep, jobs: JobsDep) -> JobOut:
    """Ask every clip to stop; the ending arrives as events."""
    job = await _find_running(job_id, owner, catalog)
    await jobs.cancel(job_id, by=owner)
    return job_out(job.summary)


@router.post(
    "/{job_id}/clips/{scene_id}/{style}/cancel",
    status_code=202,
    operation_id="cancelClip",
)
async def cancel_clip(
    job_id: JobId,
    scene_id: SceneId,
    style: StyleName,
    owner: Owner,
    catalog: CatalogDep,
    jobs: JobsDep,
) -> JobOut:
    """Ask one clip to stop; its siblings go on."""
    job = await find_job(job_id, owner, catalog)
    await _find_open_clip(job, scene_id, style, catalog)
    await jobs.cancel_clip(job_id, scene_id, style, by=owner)
    return job_out(job.summary)


@router.post("/{job_id}/retry", status_code=202, operation_id="retryJob")
async def retry_job(
    job_id: JobId, owner: Owner, catalog: CatalogDep, jobs: JobsDep, webhooks: WebhooksDep
) -> JobOut:
    """Make the clips that did not complete, in another run."""
    job = await find_job(job_id, owner, catalog)
    if job.outcome == "succeeded":
        raise ConflictError(why="Every clip of the job is complete.")
    await expect_another_run(job, catalog, webhooks)
    return job_out((await jobs.retry(job_id, datetime.now(UTC))).summary)


@router.patch("/{job_id}", operation_id="changeJob")
async def change_job(
    job_id: JobId, change: PriorityChange, owner: Owner, catalog: CatalogDep, jobs: JobsDep
) -> JobOut:
    """Move the job's waiting work to another place in the queue."""
    await _find_running(job_id, owner, catalog)
    changed = await jobs.set_priority(job_id, change.priority)
    return job_out(changed.summary)


@router.delete("/{job_id}", status_code=204, operation_id="deleteJob", responses=problems(502))
async def delete_job(
    job_id: JobId,
    owner: Owner,
    catalog: CatalogDep,
    jobs: JobsDep,
    webhooks: WebhooksDep,
    files: FilesDep,
) -> Response:
    """Forget an ended job and remove its files."""
    job = await find_job(job_id, owner, catalog)
    if job.outcome is None:
        raise ConflictError(why="The job is still running; cancel it first.")
    await enqueue_deliveries(job, catalog, webhooks, datetime.now(UTC))
    await _delete_files(job, await catalog.clips.of(job_id), files.open_storage(job.storage_url))
    await jobs.forget(job_id)
    return Response(status_code=204)


async def expect_another_run(job: JobRecord, catalog: Catalog, webhooks: Webhooks) -> None:
    """Have webhooks tell the end of the run that is over, and of the one that is to come."""
    if job.outcome is None:
        return
    now = datetime.now(UTC)
    # The end of this run has to be told before the next one makes it forgotten.
    await enqueue_deliveries(job, catalog, webhooks, now)
    await webhooks.deliveries.expect(job.owner, job.job_id, job.run + 1, now)


async def _find_running(job_id: str, owner: str, catalog: Catalog) -> JobRecord:
    job = await find_job(job_id, owner, catalog)
    if job.outcome is not None:
        raise ConflictError(why="The job has already ended.")
    return job


async def _find_open_clip(job: JobRecord, scene_id: int, style: str, catalog: Catalog) -> None:
    clip = await catalog.clips.find(job.job_id, scene_id, style)
    if clip is None:
        raise NotFoundError
    if clip.ending is not None or job.outcome is not None:
        raise ConflictError(why="The clip has already ended.")


async def _delete_files(job: JobRecord, clips: Sequence[ClipRecord], storage: Storage) -> None:
    for clip in clips:
        for key in clip.keys:
            if key.startswith(job.prefix):
                await storage.delete(key)
