"""`viralclip prune`: removes what nobody needs any more, and says what that was."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from viralclip.app.disk_use import disk_use
from viralclip.app.records import open_engine, open_records
from viralclip.app.retention import Prunable, Pruner, removed
from viralclip.cli.figures import bytes_of, describe_disk_use
from viralclip.settings import Settings


async def prune(
    settings: Settings, *, older: timedelta, clips: bool, dry_run: bool, as_json: bool
) -> int:
    """Remove what has ended or was used last so long ago; with `dry_run` only say what that is."""
    async with open_records(settings) as records, open_engine(settings) as engine:
        pruner = Pruner(settings, records, engine, datetime.now(UTC) - older)
        found = await pruner.find(clips=clips)
        if not dry_run:
            found = await removed(found)
            await asyncio.to_thread(pruner.tidy)
    used = await asyncio.to_thread(disk_use, settings)
    write = _write_json if as_json else _write
    write(found, used, dry_run=dry_run)
    return 0


def _sums(found: Sequence[Prunable]) -> dict[str, tuple[int, int]]:
    """How many of each kind, and their bytes."""
    sums: dict[str, tuple[int, int]] = {}
    for it in found:
        count, size = sums.get(it.kind, (0, 0))
        sums[it.kind] = count + 1, size + it.bytes
    return sums


def _write_json(found: Sequence[Prunable], used: dict[str, int], *, dry_run: bool) -> None:
    went = {kind: {"count": n, "bytes": size} for kind, (n, size) in _sums(found).items()}
    facts = {"removed": not dry_run, "found": went, "state_bytes": used}
    sys.stdout.write(json.dumps(facts) + "\n")


def _write(found: Sequence[Prunable], used: dict[str, int], *, dry_run: bool) -> None:
    for kind, (count, size) in _sums(found).items():
        sys.stdout.write(f"{kind:<16}{count:>8}  {bytes_of(size) if size else ''}".rstrip() + "\n")
    total = bytes_of(sum(it.bytes for it in found))
    if not found:
        sys.stdout.write("Nothing is that old.\n")
    elif dry_run:
        sys.stdout.write(f"{total} would be removed; without --dry-run it is.\n")
    else:
        sys.stdout.write(f"{total} removed.\n")
    sys.stdout.write(f"The state folder holds {describe_disk_use(used)}.\n")
