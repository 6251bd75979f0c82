"""The FFmpeg command that makes one clip, from values; nothing runs here."""

from collections.abc import Sequence
from pathlib import Path

from viralclip.late_conversion import convert_late
from viralclip.media.colours import early_colours, encoder_input, late_colours, readable_colours
from viralclip.media.limits import MOST_PIXELS
from viralclip.media.orientation import Orientation
from viralclip.media.packets import ROUNDING_S
from viralclip.media.probe import Picture, Probed
from viralclip.media.reading import SourceReading
from viralclip.media.render_spec import RenderSpec
from viralclip.media.soundtrack import AUDIO_RATE, shape_of, sound_graph
from viralclip.media.stretch import SeekPoint

# The pads, without brackets, between which a style's graph stands.
GRAPH_INPUT, GRAPH_OUTPUT = "in", "out"
_KEYFRAME_S = 2
# Whoever shows a JPEG takes its colours for BT.601 at full range.
_JPEG_INPUT = (
    "scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc,format=yuvj420p"
)


def render_command(ffmpeg: Path, spec: RenderSpec, reading: SourceReading) -> list[str]:
    """The command line that renders `spec`."""
    return [
        *(str(ffmpeg), "-nostdin", "-hide_banner", "-y", "-v", "error"),
        *("-stats_period", "0.25", "-progress", "pipe:1"),
        *_threads("-filter_complex_threads", spec.encoding.threads),
        *spec.encoding.encoder.device,
        *_input(spec, reading),
        *("-filter_complex", _graph(spec, reading, encoder_input(spec.encoding.encoder))),
        *_sound_graphs(spec, reading, shape_of(reading.heard, spec.gain_db)),
        *_video_output(spec),
        *_audio_output(reading),
        *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
        # Without these the writer's name and version would be in every clip.
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{spec.target}"),
    ]


def still_command(ffmpeg: Path, spec: RenderSpec, reading: SourceReading) -> list[str]:
    """The command line that writes the first frame of `spec`, as its clip has it, as JPEG."""
    return [
        *(str(ffmpeg), "-nostdin", "-hide_banner", "-y", "-v", "error"),
        *("-stats_period", "0.25", "-progress", "pipe:1", "-an", "-sn", "-dn"),
        *_threads("-filter_complex_threads", spec.encoding.threads),
        *_input(spec, reading),
        *("-filter_complex", _graph(spec, reading, _JPEG_INPUT), "-map", "[v]"),
        *("-frames:v", "1", "-fps_mode:v", "passthrough", "-c:v", "mjpeg", "-q:v", "3"),
        *("-flags:v", "+bitexact", "-f", "image2", "-update", "1", f"file:{spec.target}"),
    ]


def listen_command(
    ffmpeg: Path, spec: RenderSpec, reading: SourceReading, *, shape: Sequence[str], meter: str
) -> list[str]:
    """The command line that runs the clip's sound alone through `shape` and the filters `meter`."""
    *openings, graph = _sound_graphs(spec, reading, shape)
    return [
        *(str(ffmpeg), "-nostdin", "-hide_banner", "-v", "error"),
        *("-stats_period", "0.25", "-progress", "pipe:1"),
        *("-vn", "-sn", "-dn"),
        *_input(spec, reading),
        *(*openings, f"{graph};[a]{meter}[m]"),
        *("-map", "[m]", "-f", "null", "-"),
    ]


def _input(spec: RenderSpec, reading: SourceReading) -> list[str]:
    """The source from where reading begins or earlier on, with the times of its own clock.

    Else FFmpeg counts from the seek, and moves all times where a stream begins late, or a picture
    after the seek has no time of its own. It also counts from a start of its own where it is to
    end reading, or to leave out what comes before the seek: the graphs do that.
    """
    return [
        *("-copyts", "-noaccurate_seek"),
        *_threads("-threads", spec.encoding.threads),
        # A source may begin with small pictures and go on with giant ones.
        *("-max_pixels", str(MOST_PIXELS)),
        *("-protocol_whitelist", "file,pipe"),
        # What turns and crops is in the graph: not every FFmpeg does what the container says.
        *("-noautorotate", "-reinit_filter:v", "0"),
        *(("-apply_cropping", "codec") if reading.abilities.crops else ()),
        *_seek(spec.source, reading.begin),
        *("-i", f"file:{spec.source.path}"),
    ]


def _seek(source: Probed, begin: SeekPoint) -> list[str]:
    """By the source's own clock, so that every FFmpeg agrees on the zero.

    A seek to the beginning may leave out the sound before the first picture.
    """
    if begin.seek <= 0:
        return []
    return ["-seek_timestamp", "1", "-ss", f"{source.zero + begin.seek:.6f}"]


def _video_output(spec: RenderSpec) -> list[str]:
    encoding = spec.encoding
    return [
        *("-map", "[v]", "-c:v", encoding.encoder.codec),
        *encoding.encoder.presets[encoding.preset],
        *_threads("-threads:v", encoding.threads),
        *("-profile:v", "high", "-g", str(round(_KEYFRAME_S * spec.fps))),
        *("-fps_mode:v", "cfr", "-r", str(spec.fps)),
    ]


def _audio_output(reading: SourceReading) -> list[str]:
    if not reading.heard:
        return []
    # Its noise at 192k lifts the peaks of dense sound by 1.4 dB more than at 256k.
    return ["-map", "[a]", "-c:a", "aac", "-b:a", "256k", "-ar", str(AUDIO_RATE)]


def _threads(option: str, count: int) -> list[str]:
    return [option, str(count)] if count else []


def _graph(spec: RenderSpec, reading: SourceReading, ending: str) -> str:
    picture = spec.source.picture
    graph = convert_late(spec.video.graph, late_colours(picture.colours, reading.abilities))
    parts = [
        f"[0:{picture.stream}]{_before(spec, reading)}[{GRAPH_INPUT}]",
        graph.render(input=GRAPH_INPUT, output=GRAPH_OUTPUT, files=spec.video.files),
        f"[{GRAPH_OUTPUT}]{ending}[v]",
    ]
    if picture.orientation != Orientation():
        # FFmpeg 5 copies the display matrix of a graph's only input into the clip.
        parts.append(f"[0:{picture.stream}]nullsink")
    return ";".join(parts)


def _sound_graphs(spec: RenderSpec, reading: SourceReading, shape: Sequence[str]) -> list[str]:
    """The sound's own graphs, the last of them to pad "a".

    FFmpeg builds a graph anew where its input changes its rate or channels: all that it knows of
    the clip's time is lost. So each track has a small one of its own before the one that counts.
    """
    if not reading.heard:
        return []
    start = spec.source.zero + spec.start
    opening = f"atrim=start={start:.6f},asetpts=PTS-{start:.6f}/TB"
    inputs, steady = [f"0:{sound.stream}" for sound in reading.heard], list[str]()
    if reading.steady:
        each = zip(reading.heard, reading.steady, strict=True)
        steady = [f"[0:{sound.stream}]{filters}[s{sound.stream}]" for sound, filters in each]
        inputs = [f"s{sound.stream}" for sound in reading.heard]
    graph = sound_graph(
        reading.heard, spec.samples, inputs=inputs, opening=opening, shape=shape, output="a"
    )
    return [part for text in (*steady, graph) for part in ("-filter_complex", text)]


def _before(spec: RenderSpec, reading: SourceReading) -> str:
    """Whatever the source is, the style's graph sees one kind of picture at one steady rate."""
    picture = spec.source.picture
    filters = [
        _shifted(spec, reading),
        *readable_colours(picture.colours, reading.abilities),
        *_conformed(picture),
        *_deinterlaced(picture),
        f"fps={spec.fps}:start_time=0",
        *_as_shown(picture),
        *early_colours(
            picture.colours, sar=picture.sar, size=picture.size, abilities=reading.abilities
        ),
        *_area(spec),
        "setsar=1",
        "tpad=stop_mode=clone:stop=-1",
        f"trim=end_frame={spec.frames}",
    ]
    return ",".join(filters)


def _shifted(spec: RenderSpec, reading: SourceReading) -> str:
    """The frame on screen at the start comes at 0, however old, and the others when they are shown.

    Of those at 0, the rate filter takes the last. None but they come before the second frame of the
    clip, and one more follows the last: where the video ends before the start, nothing would else
    be shown. Microseconds, as setpts cuts off.
    """
    shown, start = (round((spec.source.zero + t) * 1e6) for t in (reading.begin.shown, spec.start))
    second = round(1e6 / spec.fps)
    rounding = round(ROUNDING_S * 1.5e6)
    later = f"max(PTS-{start},{second})"
    return (
        f"settb=AVTB,trim=start_pts={shown - rounding},"
        f"setpts='if(lte(PTS,{start + rounding}),0,{later})',tpad=stop_mode=clone:stop=1"
    )


def _conformed(picture: Picture) -> list[str]:
    """Fits pictures of another size or shape, from where they change in mid-file, into one size.

    The graph is not built anew there (-reinit_filter 0), as it would count its frames anew.
    """
    width, height = picture.stored.width, picture.stored.height
    relative = f"dar*{height}/{width}/({picture.sar})"
    wider = f"if(between({relative},0.98,1.02),1,{relative})"
    return [
        f"scale=w='round({width}*min(1,{wider}))':h='round({height}*min(1,1/({wider})))':eval=frame",
        f"pad={width}:{height}:-1:-1:eval=frame",
    ]


def _area(spec: RenderSpec) -> list[str]:
    area = spec.video.area
    if area is None or area.size == spec.source.video.size:
        return []
    return [f"crop={area.width}:{area.height}:{area.x}:{area.y}"]


def _deinterlaced(picture: Picture) -> list[str]:
    """Looks at each frame's own flag, which costs nothing where there is none."""
    return [] if picture.colours.rgb else ["bwdif=mode=send_frame:deint=interlaced"]


def _as_shown(picture: Picture) -> list[str]:
    """The part that the container shows, upright; a matrix that was followed is not passed on."""
    shown, turned = picture.shown, picture.orientation.filters
    cropped = [f"crop={shown.width}:{shown.height}:{shown.x}:{shown.y}:exact=1"]
    return [
        *(cropped if shown.size != picture.stored else []),
        *(["sidedata=mode=delete:type=DISPLAYMATRIX", *turned] if turned else []),
    ]
