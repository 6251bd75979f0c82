"""How sources are encoded, as arguments for FFmpeg."""

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_GOP = ("-g", "100", "-keyint_min", "100", "-sc_threshold", "0")
LONG = (*X264, *_GOP)
TEN_BIT = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")
AAC = ("-c:a", "aac", "-b:a", "128k")
PLAIN = (*LONG, *AAC)
OPUS = ("-c:a", "libopus")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", "-g", "100")
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "100")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-x265-params")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "100", "-sc_threshold", "1000000000")
MP2 = ("-c:a", "mp2", "-b:a", "192k")
NO_SOUND: None = None


def x264(parameters: str) -> tuple[str, ...]:
    long = f"keyint=100:min-keyint=100:scenecut=0:{parameters}"
    return (*X264, "-x264-params", long)
