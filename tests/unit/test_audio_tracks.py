"""Which audio tracks are heard: no voice is lost, and nothing is heard twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.audio_tracks import ALL, VOICE, AudioTrack, choose_tracks
from viralclip.errors import UnknownAudioTrackError


def track(number: int, **more: Any) -> AudioTrack:
    return AudioTrack(number=number, codec="aac", channels=2, **more)


def heard(*tracks: AudioTrack, wish: str = VOICE) -> tuple[int, ...]:
    return choose_tracks(tracks, wish).numbers


def test_the_only_track_is_heard_and_no_more_is_said_of_it():
    choice = choose_tracks([track(1)], VOICE)

    assert choice.numbers == (1,)
    assert choice.notes() == ()


def test_without_a_track_nothing_is_heard():
    assert heard() == heard(wish=ALL) == ()


def test_desktop_and_microphone_are_mixed_and_the_mix_is_noted():
    tracks = (
        track(1, title="Desktop", is_default=True, level_db=-90.0),
        track(2, title="Mic", level_db=-20.0),
    )

    assert heard(*tracks) == (1, 2)
    notes = ("Audio tracks 1 (Desktop) and 2 (Mic) are mixed.",)
    assert choose_tracks(tracks, VOICE).notes() == notes


def test_of_two_languages_the_default_is_heard():
    english, german = track(1, language="eng"), track(2, language="deu", is_default=True)

    assert heard(english, german) == (2,)
    notes = ("Audio track 1 (eng) is left out: it is in another language.",)
    assert choose_tracks((english, german), VOICE).notes() == notes


def test_a_silent_default_in_one_language_gives_way_to_sound_in_another():
    silent = track(1, language="eng", is_default=True, level_db=-91.0)

    assert heard(silent, track(2, language="deu", level_db=-20)) == (2,)


def test_a_track_without_a_language_goes_with_any():
    assert heard(track(1), track(2, language="eng"), track(3, language="fra")) == (1, 2)


@pytest.mark.parametrize("default", [1, 2, 3])
def test_of_a_mix_and_its_parts_the_mix_is_heard(default: int):
    mix = track(1, is_default=default == 1)
    parts = [track(number, part_of=(1,), is_default=default == number) for number in (2, 3)]

    assert heard(mix, *parts) == (1,)
    assert choose_tracks((mix, *parts), VOICE).notes() == (
        "Audio track 2 is left out: audio track 1 has the same sound.",
        "Audio track 3 is left out: audio track 1 has the same sound.",
    )


def test_of_two_that_share_some_sound_the_default_is_heard():
    assert heard(track(1, overlaps=(2,)), track(2, overlaps=(1,), is_default=True)) == (2,)


def test_of_two_that_share_some_sound_without_a_default_the_one_that_is_speech_is_heard():
    assert heard(track(1, overlaps=(2,)), track(2, overlaps=(1,), speech=0.8)) == (2,)


def test_extras_are_left_out_unless_there_is_nothing_else():
    extra = track(2, role="commentary")

    assert heard(track(1), extra) == (1,)
    assert heard(extra) == (2,)
    assert choose_tracks((track(1), extra), VOICE).notes() == (
        "Audio track 2 (commentary) is left out: it is an extra.",
    )


def test_a_track_that_never_comes_is_no_track():
    ghost = track(1, is_default=True, playable=False)

    assert heard(ghost, track(2)) == heard(ghost, track(2), wish=ALL) == (2,)
    assert choose_tracks((ghost, track(2)), VOICE).notes() == (
        "Audio track 1 is left out: the file has no sound for it that can be played.",
    )


def test_all_is_all_that_can_be_played():
    tracks = (track(1, role="commentary"), track(2, language="eng"), track(3, language="deu"))

    assert heard(*tracks, wish=ALL) == (1, 2, 3)


def test_a_number_is_that_track_whatever_it_is():
    assert heard(track(1), track(2, role="commentary"), wish="2") == (2,)


@pytest.mark.parametrize("wish", ["3", "2", "0", "01", "mic", ""])
def test_a_track_that_is_not_there_is_refused_with_those_that_are(wish: str):
    with pytest.raises(UnknownAudioTrackError) as refused:
        choose_tracks((track(1), track(2, playable=False)), wish)

    assert refused.value.message.endswith("choose from voice, all, 1.")


TRACKS = st.integers(1, 5).flatmap(
    lambda count: st.tuples(
        *(
            st.builds(
                AudioTrack,
                number=st.just(number),
                codec=st.just("aac"),
                channels=st.just(2),
                language=st.sampled_from(["", "eng", "deu"]),
                role=st.sampled_from(["", "", "commentary"]),
                is_default=st.booleans(),
                playable=st.booleans(),
                level_db=st.sampled_from([None, -95.0, -20.0]),
                part_of=st.sets(st.integers(1, 5), max_size=2).map(
                    lambda found, own=number: tuple(found - {own})
                ),
            )
            for number in range(1, count + 1)
        )
    )
)


@given(TRACKS)
def test_whatever_there_is_something_is_heard_if_anything_can_be(tracks: tuple[AudioTrack, ...]):
    choice = choose_tracks(tracks, VOICE)

    assert bool(choice.heard) == any(track.playable for track in tracks)
    named = {*choice.numbers, *(left.track.number for left in choice.left_out)}
    assert named == {track.number for track in tracks}
    assert any(track.is_audible for track in choice.heard) or not any(
        track.is_audible and track.playable and not track.role for track in tracks
    )
