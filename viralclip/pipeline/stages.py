"""The stages of a clip, each by the step that it begins with."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import PurePosixPath

import structlog

from viralclip.errors import AnalysisFailedError, AnalysisStalledError
from viralclip.events import (
    CameraPathComplete,
    CameraPathCompleteDetails,
    ComputingCameraPath,
    ComputingCameraPathDetails,
    DetectingFaces,
    DetectingFacesDetails,
    ExtractingSegment,
    ExtractingSegmentDetails,
    FaceDetectionComplete,
    FaceDetectionCompleteDetails,
    RenderComplete,
    RenderCompleteDetails,
    Rendering,
    RenderingDetails,
    Transcribing,
    TranscribingDetails,
    TranscriptComplete,
    TranscriptCompleteDetails,
    UploadComplete,
    UploadCompleteDetails,
    Uploading,
    UploadingDetails,
)
from viralclip.pipeline.analysis import DETECTOR_MISSING, DOUBTS, Analysis, Detected, Planned
from viralclip.pipeline.load import Stretch
from viralclip.pipeline.making import Making
from viralclip.pipeline.render import Rendition, RenditionLostError, render_clip
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.segment import Segment, open_segment
from viralclip.pipeline.store import StoredClip, store_clip
from viralclip.pipeline.transcription import (
    LETTERS_WORDS,
    NO_SPEECH_WORDS,
    Transcribed,
    Transcription,
    with_words,
)
from viralclip.steps import Step, is_framed

log = structlog.get_logger(__name__)


async def extract(making: Making) -> None:
    """See that the scene is there to be cut out of the video."""
    scene = making.task.clip.scene
    details = ExtractingSegmentDetails(
        start_sec=scene.start, end_sec=scene.end, duration_sec=scene.duration
    )
    await making.run(
        ExtractingSegment(**making.place, details=details),
        lambda: open_segment(making.task, making.tools),
        Segment,
    )


async def transcribe(making: Making) -> None:
    """Turn the speech of the scene into words; the scene with its words is left in `making`."""
    async with making.timing.stage("transcription") as stretch:
        transcription = await Transcription.of(making.task, making.tools)
        recogniser = transcription.recogniser
        details = TranscribingDetails(
            engine=recogniser.engine,
            model=recogniser.model_name,
            audio_sec=making.task.clip.scene.duration,
        )
        heard = await making.run(
            Transcribing(**making.place, details=details),
            lambda: transcription.listen(making.report, stretch),
            Transcribed,
        )
    found = TranscriptCompleteDetails(words=len(heard.words), language=heard.language)
    making.report.emit(TranscriptComplete(**making.place, details=found))
    if not heard.words:
        making.report.warn("no_speech_found", NO_SPEECH_WORDS)
    elif letters := await transcription.undrawable(heard):
        making.report.warn("letters_missing", LETTERS_WORDS.format(letters=letters))
    making.task = with_words(making.task, heard.words)


async def analyse(making: Making) -> None:
    """Look for faces in the scene, and plan the camera's path.

    A clip without a camera is looked at so that its captions cover no face: where that cannot be,
    they stand where they stand without faces.
    """
    analysis = await Analysis.of(making.task, making.tools)
    if is_framed(making.task.clip.route):
        async with making.timing.stage("analysis") as stretch:
            await _detect(analysis, making, stretch)
            await _plan(analysis, making)
    elif making.task.shows_captions and analysis.model is not None:
        async with making.timing.stage("analysis") as stretch:
            try:
                await _detect(analysis, making, stretch)
            except (AnalysisFailedError, AnalysisStalledError) as error:
                log.warning("Faces not looked for", code=error.code, error=error.detail)


async def render_and_store(making: Making) -> None:
    """Render the clip and store it; the stored clip is left in `making`."""
    while making.stored is None:
        try:
            async with making.timing.stage("render") as stretch:
                rendition = await _render(making)
                stretch.is_own = not rendition.found
                making.stored = await _store(making, rendition)
        except RenditionLostError:
            # Another machine rendered it and died before storing it: render it here.
            log.warning("Rendered file lost with its worker")


# A step of a clip's route that is not here belongs to the stage of one before it.
STAGES: Mapping[Step, Callable[[Making], Awaitable[None]]] = {
    Step.EXTRACTING_SEGMENT: extract,
    Step.TRANSCRIBING: transcribe,
    Step.DETECTING_FACES: analyse,
    Step.RENDERING: render_and_store,
}


async def _detect(analysis: Analysis, making: Making, stretch: Stretch) -> None:
    from viralclip.analysis.frames import SAMPLE_FPS  # noqa: PLC0415 - NumPy, for those who analyse

    details = DetectingFacesDetails(detector=analysis.detector, sample_fps=SAMPLE_FPS)
    looked = await making.run(
        DetectingFaces(**making.place, details=details),
        lambda: analysis.detect(making.report, stretch),
        Detected,
    )
    seen = FaceDetectionCompleteDetails(**looked.model_dump(exclude={"detector"}))
    making.report.emit(FaceDetectionComplete(**making.place, details=seen))


async def _plan(analysis: Analysis, making: Making) -> None:
    details = ComputingCameraPathDetails(algorithm=analysis.algorithm)
    planned = await making.run(
        ComputingCameraPath(**making.place, details=details),
        lambda: analysis.plan(making.report),
        Planned,
    )
    _warn(planned, making.report, blind=analysis.is_short_of_a_detector)
    path = CameraPathCompleteDetails(
        keyframes=planned.keyframes,
        shots=planned.shots,
        speaker_switches=planned.speaker_switches,
    )
    making.report.emit(CameraPathComplete(**making.place, details=path))


def _warn(planned: Planned, report: ClipReport, *, blind: bool) -> None:
    """Say why the clip is less than what was asked for; without a detector that is the reason."""
    doubts = (DETECTOR_MISSING,) if blind else planned.doubts
    for doubt in doubts:
        report.warn(doubt, DOUBTS.get(doubt, doubt.replace("_", " ")))


async def _render(making: Making) -> Rendition:
    task, tools, report = making.task, making.tools, making.report
    details = RenderingDetails(style=task.clip.style, encoder=tools.rendering.encoder.encoder.name)
    rendition = await making.run(
        Rendering(**making.place, details=details),
        lambda: render_clip(task, tools, report),
        Rendition,
    )
    for doubt in rendition.doubts:
        report.warn(doubt.code, doubt.message)
    facts = RenderCompleteDetails(
        bytes=rendition.bytes,
        duration_sec=rendition.duration,
        width=rendition.width,
        height=rendition.height,
    )
    report.emit(RenderComplete(**making.place, details=facts))
    return rendition


async def _store(making: Making, rendition: Rendition) -> StoredClip:
    task, tools, report = making.task, making.tools, making.report
    details = UploadingDetails(filename=PurePosixPath(task.key).name, bytes=rendition.bytes)
    stored = await making.run(
        Uploading(**making.place, details=details),
        lambda: store_clip(task, rendition, tools, report),
        StoredClip,
    )
    report.emit(UploadComplete(**making.place, details=UploadCompleteDetails(key=stored.key)))
    return stored
