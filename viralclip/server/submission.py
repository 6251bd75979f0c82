"""How a job that is asked for becomes one that is queued, once however often it is asked for."""

import asyncio
import hashlib
import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

from viralclip.abilities import demand_listeners
from viralclip.caption_files import with_files
from viralclip.captioning import Captioned, give_captions, with_words
from viralclip.catalog.records import JobRecord
from viralclip.engine.jobs import new_job_id
from viralclip.errors import Fault, InvalidScenesError, NoSpeechTrackError
from viralclip.geometry import parse_aspect
from viralclip.plan import CaptionOptions, Options, Plan, Video, choose, make_plan
from viralclip.scenes import MAX_SCENES
from viralclip.server.caption_returns import named_files
from viralclip.server.new_job import NewCaptions, NewJob, PathSource, VideoSource
from viralclip.server.parts import JobDefaults, ServerParts
from viralclip.server.problems import ConflictError, TooManyError
from viralclip.server.request_context import request_trace_id
from viralclip.server.scene_input import SceneObject
from viralclip.server.scene_lists import read_scenes, read_transcript
from viralclip.server.video_library import VideoLibrary
from viralclip.styles import resolve
from viralclip.words.languages import spoken_language
from viralclip.words.reading import TranscriptReading
from viralclip.words.transcript import Transcript

# Far more than a job may have scenes: who pastes the wrong file gets faults and not this limit.
_MAX_ROWS = 2000
_MAX_LIST_CHARS = 1_000_000


class Submissions:
    """Checks requests for jobs and queues what they ask for."""

    def __init__(self, parts: ServerParts, library: VideoLibrary) -> None:
        self._parts = parts
        self._library = library
        # One at a time of a user, or two at once would both be the last that there is room for.
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def submit(
        self, new: NewJob, owner: str, idempotency_key: str | None
    ) -> tuple[JobRecord, Captioned]:
        """The job, queued by now, and how its scenes and their captions were read.

        With a key that was used before for the same request, it is the job of that one.
        """
        _check_length(new.scenes)
        digest = hashlib.sha256(json.dumps(new.model_dump()).encode()).hexdigest()
        async with self._turns[owner]:
            known = await self._known(owner, idempotency_key, digest)
            repeated = (
                await self._parts.backends.catalog.jobs.find(known) if known is not None else None
            )
            if repeated is not None:
                return repeated, await self._read(new, owner, repeated.plan.video)
            job, reading = await self._accept(new, owner, known or new_job_id())
            if idempotency_key is not None:
                await self._claim(owner, idempotency_key, digest, job.job_id)
            await self._queue(job)
        return job, reading

    async def _known(self, owner: str, key: str | None, digest: str) -> str | None:
        """The job that the key stands for, whether it was queued in the end or not."""
        catalog = self._parts.backends.catalog
        claim = await catalog.idempotency_keys.find(owner, key) if key is not None else None
        if claim is None:
            return None
        if claim.digest != digest:
            raise ConflictError(why="This Idempotency-Key was used for another request.")
        return claim.job_id

    async def _claim(self, owner: str, key: str, digest: str, job_id: str) -> None:
        claim = await self._parts.backends.catalog.idempotency_keys.claim(
            owner, key, digest, job_id
        )
        if claim.job_id != job_id:
            raise ConflictError(why="A request with this Idempotency-Key is under way.")

    async def _queue(self, job: JobRecord) -> None:
        backends = self._parts.backends
        await backends.webhooks.deliveries.expect(job.owner, job.job_id, job.run, job.created_at)
        await backends.jobs.submit(job)

    async def _accept(self, new: NewJob, owner: str, job_id: str) -> tuple[JobRecord, Captioned]:
        await self._check_room(owner)
        video = await self._video(new.source, owner)
        reading = await self._read(new, owner, video)
        job = JobRecord(
            job_id=job_id,
            owner=owner,
            plan=_plan(new, video, reading, self._parts.defaults.encoder),
            storage_url=self._parts.files.storage_url,
            engine_url=self._parts.defaults.engine_url,
            prefix=f"{job_id}/",
            priority=new.priority,
            trace_id=request_trace_id(),
            created_at=datetime.now(UTC),
        )
        return job, reading

    async def _check_room(self, owner: str) -> None:
        limit = self._parts.limits.jobs_per_user
        if await self._parts.backends.catalog.jobs.count_running(owner) >= limit:
            raise TooManyError(what="running jobs", limit=limit)

    async def _video(self, source: VideoSource | PathSource, owner: str) -> Video:
        match source:
            case VideoSource(video_id=video_id):
                return await self._library.find(video_id, owner)
            case PathSource(path=path):
                return await self._library.probe_path(path)

    async def _read(self, new: NewJob, owner: str, video: Video) -> Captioned:
        defaults = self._parts.defaults
        read = await self._parts.pools.parsing.run(owner, _read_all, new, video, defaults)
        if read.options.mode != "auto" or all(scene.words is not None for scene in read.scenes):
            return read
        # A worker that cannot listen would fail the clips, one by one.
        notes = demand_listeners(await defaults.workers(), read.options.language)
        return replace(read, notes=(*read.notes, *notes))


def _plan(new: NewJob, video: Video, reading: Captioned, encoder: str) -> Plan:
    active = video.active_area if new.bars == "cut" else None
    aspect = parse_aspect(new.aspect)
    styles = resolve(new.styles, source=video.size, aspect=aspect, active=active)
    options = Options(
        aspect=new.aspect,
        preset=new.preset,
        encoder=encoder,
        loudness=new.loudness,
        audio_track=new.audio_track,
        bars=new.bars,
        captions=reading.options,
    )
    choices = [choose(style, captioned=reading.options.are_burnt) for style in styles]
    return make_plan(video, reading.scenes, choices, options)


def _check_length(scenes: list[SceneObject] | str) -> None:
    """InvalidScenesError for a list that is too long to be looked at."""
    problem = None
    if isinstance(scenes, str) and len(scenes) > _MAX_LIST_CHARS:
        problem = f"the list has {len(scenes):,} characters; at most {_MAX_LIST_CHARS:,} are read"
    elif len(scenes) > _MAX_ROWS and not isinstance(scenes, str):
        problem = f"the list has {len(scenes):,} scenes; a job makes at most {MAX_SCENES}"
    if problem is not None:
        raise InvalidScenesError([Fault("", problem)])


def _read_all(new: NewJob, video: Video, defaults: JobDefaults) -> Captioned:
    """The scenes with the words that they show, and notes on how both were read."""
    reading = read_scenes(new.scenes, "", video)
    wanted = new.captions
    if wanted is None:
        return Captioned(reading.scenes, CaptionOptions(), reading.notes)
    if wanted.mode == "auto" and not video.has_audio:
        raise NoSpeechTrackError(name=video.name)
    words = TranscriptReading(Transcript())
    if wanted.transcript is not None:
        words = read_transcript(wanted.transcript, "transcript", video)
    scenes = (
        with_words(reading.scenes, words.transcript) if wanted.mode == "given" else reading.scenes
    )
    corrected = with_files(
        scenes,
        named_files(wanted.files or {}, reading.scenes, video),
        heard=wanted.mode == "auto",
        fps=float(Fraction(video.fps)),
    )
    shown = give_captions(
        corrected.scenes,
        _caption_options(wanted, defaults.language),
        fonts=defaults.fonts() if wanted.burn else (),
    )
    notes = (*reading.notes, *words.notes, *corrected.notes, *shown.notes)
    return Captioned(shown.scenes, shown.options, notes)


def _caption_options(wanted: NewCaptions, language: str) -> CaptionOptions:
    return CaptionOptions(
        mode=wanted.mode,
        style=wanted.style,
        area=wanted.area,
        burn=wanted.burn,
        language=spoken_language(wanted.language or language),
    )
