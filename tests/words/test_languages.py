"""Tags of languages: which are one, and whether a model knows it."""

import pytest

from viralclip.errors import UnknownLanguageError
from viralclip.words.languages import demand_language, spoken_language


@pytest.mark.parametrize(
    ("named", "tag"),
    [("", ""), (" EN ", "en"), ("pt-BR", "pt"), ("zh_Hant_TW", "zh"), ("haw", "haw")],
)
def test_a_tag_is_read_without_its_region(named, tag):
    assert spoken_language(named) == tag


@pytest.mark.parametrize("named", ["german", "e", "en de", "12", "français"])
def test_what_is_no_tag_is_refused_with_what_to_write(named):
    with pytest.raises(UnknownLanguageError, match="write one such as en, de or pt-BR"):
        spoken_language(named)


def test_a_model_is_asked_for_what_it_knows():
    demand_language("", ("en",), model="tiny.en")
    demand_language("de", (), model="other")
    demand_language("de", ("de", "en"), model="small")
    with pytest.raises(UnknownLanguageError, match="knows de, en; leave the language out"):
        demand_language("xx", ("de", "en"), model="small")
