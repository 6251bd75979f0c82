"""A server asks what the workers can do before it accepts jobs, and not once for each of many."""

import asyncio
from collections.abc import Mapping

import pytest

from viralclip.abilities import Abilities, SpeechModel
from viralclip.app import lives
from viralclip.settings import read_settings

HEARS = Abilities(speech=SpeechModel(engine="a", name="tiny.en", languages=("en",)))


class Roster:
    """Counts how often it is asked, and takes its time."""

    def __init__(self) -> None:
        self.asked = 0

    async def advertised(self) -> Mapping[str, str]:
        self.asked += 1
        await asyncio.sleep(0.01)
        return {"w1": HEARS.as_text(), "w2": ""}


async def test_jobs_that_come_at_once_have_the_workers_asked_once(tmp_path, monkeypatch):
    roster = Roster()
    monkeypatch.setattr(lives, "open_roster", lambda *_: roster)
    workers = lives.LivingWorkers(read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path)}))
    answers = await asyncio.gather(*(workers.ask() for _ in range(20)))

    assert roster.asked == 1
    assert set(answers) == {(HEARS, Abilities(is_known=False))}


async def test_a_roster_that_does_not_answer_is_waited_for_once_by_all(tmp_path, monkeypatch):
    class Away(Roster):
        async def advertised(self) -> Mapping[str, str]:
            await super().advertised()
            raise ConnectionError

    roster = Away()
    monkeypatch.setattr(lives, "open_roster", lambda *_: roster)
    workers = lives.LivingWorkers(read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path)}))
    answers = await asyncio.gather(*(workers.ask() for _ in range(20)), return_exceptions=True)

    assert roster.asked == 1
    assert {type(answer) for answer in answers} == {ConnectionError}


async def test_workers_that_begin_or_leave_are_known_a_second_later(tmp_path, monkeypatch):
    roster = Roster()
    monkeypatch.setattr(lives, "open_roster", lambda *_: roster)
    monkeypatch.setattr(lives, "_NEWS_S", 0.02)
    workers = lives.LivingWorkers(read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path)}))
    await workers.ask()
    await asyncio.sleep(0.05)
    await workers.ask()

    assert roster.asked == 2


@pytest.mark.parametrize("living", [True, False])
async def test_a_single_machines_workers_can_do_what_is_found_here_now(tmp_path, living):
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path)})
    workers = lives.LivingWorkers(settings)
    roster = lives.open_roster(settings, settings.databases.service_engine_url)
    if not living:
        assert list(await workers.ask()) == []
        return
    async with roster.hold("w1", advertised=Abilities(problem="was missing").as_text()):
        [can] = await workers.ask()

    assert "was missing" not in can.problem
