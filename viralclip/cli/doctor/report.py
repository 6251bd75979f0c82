"""`viralclip doctor`: which mode runs, how each part is, and what to do about what is wrong."""

import asyncio
import json
import sys
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from viralclip.cli.doctor import jobs, machine, services, workers
from viralclip.cli.doctor.finding import Finding, Verdict
from viralclip.settings import Settings

_MARKS: dict[Verdict, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "note": ("--", "yellow"),
    "missing": ("!!", "red"),
}


async def examine(settings: Settings, *, as_json: bool) -> int:
    """Print every finding; exit code 1 if clips cannot be made and told of as things are."""
    parts = (services, machine, workers, jobs)
    checked = await asyncio.gather(*(part.check(settings) for part in parts))
    findings = [finding for found in checked for finding in found]
    if as_json:
        sys.stdout.writelines(json.dumps(asdict(finding)) + "\n" for finding in findings)
    else:
        _print(findings)
    return 1 if any(finding.verdict == "missing" for finding in findings) else 0


def _print(findings: list[Finding]) -> None:
    console = Console(soft_wrap=True)
    for finding in findings:
        mark, colour = _MARKS[finding.verdict]
        took = "" if finding.latency_ms is None else f" ({finding.latency_ms:.0f} ms)"
        found = finding.found + took
        line = Text.assemble((f"{mark} ", colour), (f"{finding.what:<10}", "bold"), found)
        console.print(line)
        if finding.advice:
            console.print(Text(f"   {'':<10}{finding.advice}", style="dim"))
