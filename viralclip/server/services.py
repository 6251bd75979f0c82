"""What the server works with, opened elsewhere and passed in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from viralclip.catalog.port import Catalog
from viralclip.catalog.webhooks import Webhooks
from viralclip.channel.port import ProgressChannel
from viralclip.engine.jobs import Jobs
from viralclip.plan import Video
from viralclip.server.feed import Feeds
from viralclip.server.framing import Ask, FramingOut
from viralclip.server.metrics import Scrape
from viralclip.server.pools import Pool
from viralclip.server.quota import Quota
from viralclip.server.shares import Shares
from viralclip.storage.objects import Storage


@dataclass(frozen=True)
class Limits:
    """How much one user may ask for."""

    body_bytes: int = 2_000_000
    upload_bytes: int = 20 * 1024**3
    jobs_per_user: int = 20
    viewers_per_user: int = 100
    webhooks_per_user: int = 10


@dataclass(frozen=True)
class Pools:
    """Where slow work is done, each kind apart and each user with a share of it."""

    parsing: Pool = field(default_factory=lambda: Pool("parse", threads=2, each=1, within_s=20))
    previews: Shares = field(default_factory=lambda: Shares(2, 1))
    downloads: Shares = field(default_factory=lambda: Shares(16, 4))
    # Each is an open file beside its connection.
    files: Quota = field(default_factory=lambda: Quota("downloads", 32))


@dataclass(frozen=True)
class Services:
    """`probe` looks into a video file, `identify` names its content: the server knows nothing of
    media. Folders are absolute, with all links resolved."""

    catalog: Catalog
    channel: ProgressChannel
    jobs: Jobs
    feeds: Feeds
    storage_url: str
    engine_url: str
    open_storage: Callable[[str], Storage]
    probe: Callable[[Path], Awaitable[Video]]
    identify: Callable[[Path], str]
    # Plans a clip without making it.
    frame: Callable[[Video, Ask], Awaitable[FramingOut]] | None = None
    media_roots: tuple[Path, ...] = ()
    uploads: Path | None = None
    webhooks: Webhooks | None = None
    # What is scraped, and the token of whoever may do that and nothing else.
    scrape: Scrape | None = None
    metrics_token: str | None = field(default=None, repr=False)
    # Whether a webhook may lead to this machine or its neighbours.
    webhooks_anywhere: bool = False
    encoder: str = "x264"
    # Where the signed addresses of an object store lead: pages may show media from there.
    media_origin: str = ""
    limits: Limits = field(default_factory=Limits)
    pools: Pools = field(default_factory=Pools)
    # The body of a request that is no upload has to be there within that time.
    body_s: float = 60.0
    # The last request of an upload waits so long for what becomes of it: proxies give up later.
    upload_answer_s: float = 5.0
    # A viewer that hears nothing for so long hears a heartbeat; a proxy would close the line.
    heartbeat_s: float = 15.0
    # A viewer that reads nothing for so long is disconnected.
    send_timeout_s: float = 60.0
    # A viewer whose token was revoked is let go within that time.
    recheck_s: float = 60.0
