"""What routes are given of the application that answers: `catalog: CatalogDep`."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from viralclip.catalog.port import Catalog
from viralclip.catalog.webhooks import Webhooks
from viralclip.channel.port import ProgressChannel
from viralclip.engine.jobs import Jobs
from viralclip.server.identity import SignIn
from viralclip.server.limits import Limits, Timeouts
from viralclip.server.media_index import MediaIndex
from viralclip.server.parts import Files, ServerParts
from viralclip.server.pools import Pools
from viralclip.server.readiness import Readiness
from viralclip.server.video_library import VideoLibrary
from viralclip.server.viewing import LiveViews


async def _parts(connection: HTTPConnection) -> ServerParts:
    return connection.app.state.parts


PartsDep = Annotated[ServerParts, Depends(_parts)]


async def _catalog(parts: PartsDep) -> Catalog:
    return parts.backends.catalog


async def _channel(parts: PartsDep) -> ProgressChannel:
    return parts.backends.channel


async def _jobs(parts: PartsDep) -> Jobs:
    return parts.backends.jobs


async def _webhooks(parts: PartsDep) -> Webhooks:
    return parts.backends.webhooks


async def _files(parts: PartsDep) -> Files:
    return parts.files


async def _limits(parts: PartsDep) -> Limits:
    return parts.limits


async def _timeouts(parts: PartsDep) -> Timeouts:
    return parts.timeouts


async def _pools(parts: PartsDep) -> Pools:
    return parts.pools


async def _library(connection: HTTPConnection) -> VideoLibrary:
    return connection.app.state.library


async def _sign_in(connection: HTTPConnection) -> SignIn:
    return connection.app.state.sign_in


async def _media_index(connection: HTTPConnection) -> MediaIndex:
    return connection.app.state.media_index


async def _readiness(connection: HTTPConnection) -> Readiness:
    return connection.app.state.readiness


async def _live_views(connection: HTTPConnection) -> LiveViews:
    return connection.app.state.live_views


CatalogDep = Annotated[Catalog, Depends(_catalog)]
ChannelDep = Annotated[ProgressChannel, Depends(_channel)]
JobsDep = Annotated[Jobs, Depends(_jobs)]
WebhooksDep = Annotated[Webhooks, Depends(_webhooks)]
FilesDep = Annotated[Files, Depends(_files)]
LimitsDep = Annotated[Limits, Depends(_limits)]
TimeoutsDep = Annotated[Timeouts, Depends(_timeouts)]
PoolsDep = Annotated[Pools, Depends(_pools)]
LibraryDep = Annotated[VideoLibrary, Depends(_library)]
SignInDep = Annotated[SignIn, Depends(_sign_in)]
MediaIndexDep = Annotated[MediaIndex, Depends(_media_index)]
ReadinessDep = Annotated[Readiness, Depends(_readiness)]
LiveViewsDep = Annotated[LiveViews, Depends(_live_views)]
