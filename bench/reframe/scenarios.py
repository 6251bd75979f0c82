"""The made-up scenes that reframing is judged by."""

import numpy as np

from bench.reframe.scenario import Floats, Person, Pillar, Place, Scenario, Shot


def at(x: float, y: float = 300.0, *, wander: float = 3.0, seed: int = 0) -> Place:
    """Sitting there, never quite still."""
    random = np.random.default_rng(seed)
    speeds, phases = random.uniform(0.3, 1.4, (2, 3)), random.uniform(0, 6, (2, 3))

    def place(times: Floats) -> tuple[Floats, Floats]:
        moves = np.sin(2 * np.pi * times[:, None, None] * speeds + phases).sum(axis=2) / 3
        return x + wander * moves[:, 0], y + wander * moves[:, 1]

    return place


def along(points: list[tuple[float, float]], y: float = 300.0, *, bob: float = 5.0) -> Place:
    """Walking: at these (time, x), with the up and down of steps."""
    seconds, xs = zip(*points, strict=True)

    def place(times: Floats) -> tuple[Floats, Floats]:
        x = np.interp(times, seconds, xs)
        return x, y + bob * np.sin(2 * np.pi * 1.8 * times)

    return place


def swaying(x: float, reach: float, y: float = 300.0) -> Place:
    def place(times: Floats) -> tuple[Floats, Floats]:
        slow, quick = np.sin(2 * np.pi * 0.35 * times), np.sin(2 * np.pi * 0.9 * times + 1)
        return x + reach * (0.75 * slow + 0.25 * quick), y + 0.1 * reach * quick

    return place


def _speaker_pair(left: float, right: float, *, chewing: bool = False) -> tuple[Person, Person]:
    """A talk in turns from long ones down to 1.2 s, with an interjection in a long one."""
    first = ((0.3, 4.1), (7.0, 8.2), (9.7, 11.0), (12.6, 15.9))
    second = ((4.35, 6.8), (8.4, 9.6), (11.2, 12.4), (16.1, 19.0))
    return (
        Person(at(left, seed=3), talks=first, interjects=((17.6, 18.05),), seed=11),
        Person(
            at(right, 290, seed=4),
            width=84,
            look=1,
            talks=second,
            interjects=((2.2, 2.65), (14.2, 14.6)),
            chews=((12.9, 15.5), (0.2, 2.0)) if chewing else (),
            seed=12,
        ),
    )


def _walking() -> Scenario:
    path = along([(0, 230), (1, 230), (5.5, 860), (7, 860), (10, 400)])
    return Scenario("walking", (Shot(10.0, (Person(path),)),))


def _cuts() -> Scenario:
    ends = (1.6, 3.4, 4.6, 7.2, 8.8, 11.0, 12.4)
    places = (300, 900, 560, 1010, 240, 700, 420)
    widths = (80, 120, 95, 70, 130, 90, 100)
    return Scenario(
        "cuts",
        tuple(
            Shot(end, (Person(at(x, seed=number), width=width, look=number % 2),), number)
            for number, (end, x, width) in enumerate(zip(ends, places, widths, strict=True))
        ),
    )


def _equal_luma() -> Scenario:
    shots = [
        Shot(end, (Person(at(x, seed=number)),), 100 + number)
        for number, (end, x) in enumerate(
            ((2.4, 330.0), (5.2, 930.0), (7.6, 480.0), (10.0, 1000.0))
        )
    ]
    return Scenario("equal_luma_cuts", tuple(shots))


def _three() -> Scenario:
    people = (
        Person(at(260, 330, seed=1), width=66, look=1),
        Person(at(640, 290, seed=2), width=104),
        Person(at(1030, 330, seed=3), width=68, look=2),
    )
    return Scenario("three_people", (Shot(9.0, people, main=1),))


def _panel() -> Scenario:
    people = (
        Person(at(230, 310, seed=1), width=80, talks=((0.4, 3.6), (10.4, 13.0)), seed=5),
        Person(at(640, 300, seed=2), width=92, look=1, talks=((3.9, 6.4), (8.3, 10.2)), seed=6),
        Person(at(1040, 310, seed=3), width=80, look=2, talks=((6.6, 8.1), (13.3, 16.0)), seed=7),
    )
    return Scenario("three_speakers", (Shot(16.3, people, main=1),), "speaker_aware")


def _leaving() -> Scenario:
    path = along([(0, 520), (3, 520), (6.5, 1420), (9.5, 1420)])
    return Scenario("leaving", (Shot(9.5, (Person(path),), 2),))


def _occluded() -> Scenario:
    path = along([(0, 330), (1, 330), (6.5, 830), (9, 830)])
    return Scenario("occlusion", (Shot(9.0, (Person(path, width=96),), 3, pillar=Pillar(560, 70)),))


def _alternating() -> Scenario:
    """Two cameras, each at one person, cut as they speak."""
    ends, spans = (3.0, 5.4, 6.8, 9.6), ((0.2, 2.9), (3.1, 5.3), (5.5, 6.7), (6.9, 9.5))
    shots = tuple(
        Shot(
            end,
            (
                Person(
                    at(380 if number % 2 else 860, seed=number),
                    look=number % 2,
                    talks=(span,),
                    seed=number + 20,
                ),
            ),
            number % 2,
        )
        for number, (end, span) in enumerate(zip(ends, spans, strict=True))
    )
    return Scenario("alternating", shots, "speaker_aware")


SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        _walking(),
        Scenario("seated", (Shot(8.0, (Person(at(420, 310, wander=5)),), 1),)),
        Scenario("swaying", (Shot(10.0, (Person(swaying(760, 75)),)),)),
        Scenario(
            "two_sizes",
            (
                Shot(
                    9.0,
                    (
                        Person(at(330, 250, seed=1), width=58, look=1),
                        Person(at(930, 320, seed=2), width=128),
                    ),
                    main=1,
                ),
            ),
        ),
        _occluded(),
        _cuts(),
        _equal_luma(),
        Scenario("two_speakers", (Shot(19.4, _speaker_pair(350, 930)),), "speaker_aware"),
        Scenario(
            "chewing_listener",
            (Shot(19.4, _speaker_pair(350, 930, chewing=True), 1),),
            "speaker_aware",
        ),
        Scenario("speakers_close", (Shot(19.4, _speaker_pair(560, 730)),), "speaker_aware"),
        _alternating(),
        _panel(),
        Scenario("nobody", (Shot(7.0, (), 2), Shot(10.0, (), 5))),
        _three(),
        _leaving(),
    )
}
