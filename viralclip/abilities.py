"""What workers can do: each tells it for as long as it lives, and a server asks before it accepts
a job."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ValidationError

from viralclip.errors import SpeechUnavailableError, UnknownLanguageError
from viralclip.text import counted
from viralclip.words.languages import demand_language

NO_WORKER = (
    "No worker runs now: whether there is a speech model for captions shows when one begins."
)


class SpeechModel(BaseModel, frozen=True):
    """What listens to speech: an engine's model, and the tags of the languages that it knows, none
    where nobody can say."""

    engine: str
    name: str
    languages: tuple[str, ...] = ()


class Abilities(BaseModel, frozen=True):
    """What one worker can do, in words: `problem` says why it has no speech model, `paused` why it
    takes no clips now; it does, where that is empty. Of a worker of another version nothing may be
    known: it must not be taken for one that can do nothing."""

    is_known: bool = True
    speech: SpeechModel | None = None
    problem: str = ""
    paused: str = ""

    def as_text(self, paused: str = "") -> str:
        """What a worker tells of itself: what is put right later with its speech model, it does not
        see."""
        again = f"{self.problem.removesuffix('.')}, and start the worker again"
        update = {"problem": again if self.problem else "", "paused": paused}
        return self.model_copy(update=update).model_dump_json(exclude={"is_known"})


def abilities_of(advertised: Iterable[str]) -> tuple[Abilities, ...]:
    """What living workers tell of themselves, one for each."""
    return tuple(_read(text) for text in advertised)


def can_listen(workers: Iterable[Abilities]) -> bool:
    """Whether speech can be transcribed, for all that is known."""
    return any(worker.speech or not worker.is_known for worker in workers)


def demand_listeners(workers: Sequence[Abilities], language: str) -> tuple[str, ...]:
    """Notes for who wants speech transcribed; SpeechUnavailableError where no worker can do that,
    UnknownLanguageError where none knows the language."""
    if not workers:
        return (NO_WORKER,)
    deaf = [worker for worker in workers if not can_listen([worker])]
    if len(deaf) == len(workers):
        why = deaf[0].problem.removesuffix(".") or "there is no speech model"
        raise SpeechUnavailableError(why=f"no worker can do it now: {why}")
    refusals = [*_refusals(workers, language)]
    if len(refusals) + len(deaf) == len(workers):
        raise refusals[0]
    without = len(deaf) + len(refusals)
    if not without:
        return ()
    have = "has" if without == 1 else "have"
    lacks = f"no speech model for {language}" if language and refusals else "no speech model"
    of_all = f"{without} of {counted(len(workers), 'worker')}"
    return (f"{of_all} {have} {lacks}: clips that are made there fail.",)


def _read(text: str) -> Abilities:
    try:
        return Abilities.model_validate_json(text)
    except ValidationError:
        return Abilities(is_known=False)


def _refusals(workers: Iterable[Abilities], language: str) -> Iterable[UnknownLanguageError]:
    for worker in workers:
        if worker.speech is None:
            continue
        try:
            demand_language(language, worker.speech.languages, model=worker.speech.name)
        except UnknownLanguageError as error:
            yield error
