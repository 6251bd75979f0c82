"""The timecode of a file's first frame, as cameras and editing programs write it."""

from typing import TYPE_CHECKING

from viralclip.timecode import frame_of

if TYPE_CHECKING:
    from av.container import InputContainer

_KEY = "timecode"


def start_timecode(container: "InputContainer") -> str:
    """HH:MM:SS:FF of the file, its picture or its timecode track; empty if there is none."""
    holders = [container.metadata, *(stream.metadata for stream in container.streams)]
    for holder in holders:
        for key, value in holder.items():
            if key.lower() == _KEY and frame_of(value) is not None:
                return value
    return ""
