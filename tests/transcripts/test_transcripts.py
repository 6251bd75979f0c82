"""Recorded histories lead to the recorded progress; run as a program, this file records it anew."""

import json
from pathlib import Path

import pytest

from viralclip.events import TICK, Envelope
from viralclip.progress import Progress, advance

_FOLDER = Path(__file__).parent
_TRANSCRIPTS = sorted(_FOLDER.glob("*.jsonl"))


def _replayed(transcript: Path) -> Progress:
    lines = transcript.read_text(encoding="utf-8").splitlines()
    progress = Progress(job_id=json.loads(lines[0])["job_id"])
    for line in lines:
        is_envelope = "seq" in json.loads(line)
        item = Envelope.model_validate_json(line) if is_envelope else TICK.validate_json(line)
        progress = advance(progress, item)
    return progress


def _expected(transcript: Path) -> Path:
    return transcript.with_suffix(".progress.json")


@pytest.mark.parametrize("transcript", _TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_leads_to_its_progress(transcript: Path):
    expected = json.loads(_expected(transcript).read_text(encoding="utf-8"))

    assert json.loads(_replayed(transcript).model_dump_json()) == expected


def test_every_expected_progress_belongs_to_a_transcript():
    expected = {_expected(transcript) for transcript in _TRANSCRIPTS}

    assert set(_FOLDER.glob("*.progress.json")) == expected


def _record() -> None:
    for transcript in _TRANSCRIPTS:
        text = json.dumps(
            json.loads(_replayed(transcript).model_dump_json()), indent=1, ensure_ascii=False
        )
        _expected(transcript).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    _record()
