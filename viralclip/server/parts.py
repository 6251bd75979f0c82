"""What the application is made of, opened elsewhere and passed in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from viralclip.abilities import Abilities
from viralclip.captions.fonts import Font
from viralclip.catalog.port import Catalog
from viralclip.catalog.webhooks import Webhooks
from viralclip.channel.port import ProgressChannel
from viralclip.engine.jobs import Jobs
from viralclip.plan import Video
from viralclip.scenes import Scene
from viralclip.server.caption_preview import FrameLook
from viralclip.server.feed import Feeds
from viralclip.server.framing import Ask, FramingOut
from viralclip.server.limits import Limits, Timeouts
from viralclip.server.metrics import Scraping
from viralclip.server.pools import Pools
from viralclip.storage.objects import Storage


@dataclass(frozen=True)
class Backends:
    """What is known of jobs and videos, and how jobs are acted on and followed."""

    catalog: Catalog
    channel: ProgressChannel
    jobs: Jobs
    feeds: Feeds
    webhooks: Webhooks


@dataclass(frozen=True)
class Files:
    """Where videos and clips lie. Folders are absolute, with all links resolved."""

    storage_url: str
    open_storage: Callable[[str], Storage]
    uploads: Path
    media_roots: tuple[Path, ...] = ()
    # Where the signed addresses of an object store lead: pages may show media from there.
    media_origin: str = ""


@dataclass(frozen=True)
class Probing:
    """Looks into video files: the server knows nothing of media.

    `probe` finds out what a file is, `identify` names its content, `frame` plans a clip without
    making it, and `captioned` draws a frame of one with its captions, as JPEG.
    """

    probe: Callable[[Path], Awaitable[Video]]
    identify: Callable[[Path], str]
    frame: Callable[[Video, Ask], Awaitable[FramingOut]] | None = None
    captioned: Callable[[Video, Scene, FrameLook], Awaitable[bytes]] | None = None


async def _nobody() -> Sequence[Abilities]:
    return ()


@dataclass(frozen=True)
class JobDefaults:
    """What no request chooses: the engine that a new job is queued in, its encoder, the fonts of
    captions, and the language that is listened for; `workers` are what the living ones can do."""

    engine_url: str
    encoder: str = "x264"
    fonts: Callable[[], Sequence[Font]] = tuple
    language: str = ""
    workers: Callable[[], Awaitable[Sequence[Abilities]]] = _nobody


@dataclass(frozen=True)
class ServerParts:
    """All of them; without `scraping` there are no metrics here."""

    backends: Backends
    files: Files
    probing: Probing
    defaults: JobDefaults
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    pools: Pools = field(default_factory=Pools)
    scraping: Scraping | None = None
