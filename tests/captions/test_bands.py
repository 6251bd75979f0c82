"""Captions stand where no face is."""

from fractions import Fraction

from lettered import measure, words

from viralclip.captions.bands import Faces, bands_in, block_rect, choose_bands, overlaps
from viralclip.captions.chunks import Chunk, chunks_of
from viralclip.geometry import Rect

AREA = Rect(0, 0, 1000, 1000)
FPS = Fraction(10)
LOW, HIGH = Rect(400, 850, 200, 120), Rect(400, 20, 200, 120)
BANDS = bands_in(AREA, 100)


def chunks(count=4) -> list[Chunk]:
    said = [word for at in range(count) for word in words("so. ", start=float(at), each=0.9)]
    return chunks_of(said, measure(), until=float(count))


def names(frames, cuts=(), count=4):
    faces = Faces(FPS, frames, cuts)
    return [band.name for band in choose_bands(chunks(count), BANDS, AREA, faces)]


def test_without_faces_the_lower_band_is_taken():
    assert {band.name for band in choose_bands(chunks(), BANDS, AREA, None)} == {"lower"}
    assert names([()] * 40) == ["lower"] * 4


def test_a_face_behind_the_text_moves_it_at_the_border_of_a_chunk():
    assert names([()] * 10 + [(LOW,)] * 10 + [()] * 20) == ["lower", "upper", "upper", "upper"]


def test_behind_a_cut_the_first_band_is_tried_again():
    frames = [(LOW,)] * 20 + [()] * 20

    assert names(frames, cuts=(2.0,)) == ["upper", "upper", "lower", "lower"]


def test_between_two_faces_is_room_too():
    assert names([(LOW, HIGH)] * 40) == ["middle"] * 4


def test_one_frame_of_many_moves_nothing():
    slow = chunks_of(words("so", each=6.0), measure(), until=6.0)
    faces = Faces(FPS, [(LOW,), *[()] * 59])

    assert choose_bands(slow, BANDS, AREA, faces)[0].name == "lower"
    assert names([], count=1) == ["lower"]


def test_a_seam_is_the_first_slot_of_a_split_style():
    assert [band.name for band in bands_in(AREA, 100, seam=500)] == ["seam", "lower", "upper"]
    assert [band.name for band in bands_in(AREA, 100, seam=20)] == ["lower", "upper", "middle"]


def test_text_covers_a_rectangle_around_its_band():
    rect = block_rect(chunks(1)[0], BANDS[0], AREA)

    assert rect == Rect(462, 925, 75, 50)
    assert overlaps(rect, LOW)
    assert not overlaps(rect, HIGH)
