"""What the figures were measured on; without it they say nothing."""

import os
import platform
import subprocess
from pathlib import Path


def describe(ffmpeg: Path) -> list[str]:
    said = subprocess.run([ffmpeg, "-version"], capture_output=True, text=True, check=True).stdout
    return [
        f"{os.cpu_count()} cores, {_cpu_model()}, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, {said.split(' Copyright')[0]}",
        _load(),
    ]


def _load() -> str:
    if not hasattr(os, "getloadavg"):
        return "load unknown"
    load = os.getloadavg()[0]
    busy = "; something else is running, so wall times mean little" if load > 1 else ""
    return f"load {load:.2f} in the last minute before the start{busy}"


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()
