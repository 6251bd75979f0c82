"""A clip's captions: composed from the scene's words when it is rendered, which takes no time."""

from viralclip.captioning import clip_words
from viralclip.captions.composing import Canvas, Captions, compose
from viralclip.captions.registry import caption_style
from viralclip.media.command import RenderSpec
from viralclip.media.fonts import load_fonts
from viralclip.pipeline.tools import ClipTask, Tools


def captions_of(task: ClipTask, tools: Tools, spec: RenderSpec) -> Captions | None:
    """What is to be drawn on the clip; None for one without words, or with words beside it only."""
    options = task.job.plan.options.captions
    if options.mode == "none" or not options.burn:
        return None
    words = clip_words(task.clip.scene, spec.start)
    if not words:
        return None
    return compose(
        words,
        Canvas(spec.size, spec.fps, spec.output_duration),
        style=caption_style(options.style),
        area=options.area,
        fonts=load_fonts(tools.rendering.fonts),
    )
