"""Workers that live and take no clips, with what each says of that."""

import asyncio

from viralclip.abilities import abilities_of
from viralclip.app.workers import open_roster
from viralclip.cli.doctor.finding import Finding
from viralclip.settings import Settings

_PATIENCE_S = 20.0
_ADVICE = "it goes on by itself once there is room; `viralclip prune --older 30d --dry-run`, there"


async def check(settings: Settings) -> list[Finding]:
    """Those that are paused; nothing where their roster does not answer."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            roster = open_roster(settings, settings.databases.service_engine_url)
            advertised = await roster.advertised()
    except Exception:  # noqa: BLE001 - the database's own finding says what is wrong with it
        return []
    return [
        Finding("worker", "note", f"{worker} takes no clips: {can.paused}", _ADVICE)
        for worker, text in sorted(advertised.items())
        for can in abilities_of([text])
        if can.paused
    ]
