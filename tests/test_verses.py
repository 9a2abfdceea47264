"""What is said of texts: how they are read, what they share, and what each number of their code is worth."""

from pathlib import Path

import numpy as np
import pytest
import torch

import vaecore
from vaecore.evaluation.intervals import drawn
from vaecore.serving.relatives import remedies, untreated
from vaecore.serving.studies.verses import ENDS, reach, readings, shared, unit_rates
from vaecore.serving.texts import TextExplorer

FORM = "{}{}，{}{}。"


def loaded(name: str | Path) -> TextExplorer:
    found = vaecore.load(name, device="cpu")
    assert isinstance(found, TextExplorer)
    return found


def test_every_character_has_its_reading_and_no_other_has_one() -> None:
    text = "白日x依，Hello盡\U0002a6d6 "
    found = readings(text)
    assert len(found) == len(text)
    assert [each.pinyin for each in found][:4] == ["bái", "rì", "", "yī"]
    assert [each.tone for each in found][:5] == ["level", "oblique", None, "level", None]
    assert {each.pinyin for each in found[5:10]} == {""}
    assert readings("") == []


def test_the_reading_depends_on_the_word() -> None:
    assert [readings(word)[1].pinyin for word in ("音乐", "快乐")] == ["yuè", "lè"]


@pytest.mark.parametrize(
    ("text", "other", "form", "expected"),
    [
        ("白日，黃河。", "白月，黃海。", FORM, [True, False, True, False]),
        ("白日黃河", "白月，黃海。", FORM, [True, False, True, False]),
        ("abc", "ab", "", [True, True, False]),
        ("", "abc", "", []),
    ],
)
def test_what_stands_at_the_same_place_is_shared(text: str, other: str, form: str, expected: list[bool]) -> None:
    assert shared(text, other, form) == expected


@pytest.mark.usefixtures("couplets_folder")
def test_rates_are_the_cards_or_measured(tmp_path: Path) -> None:
    own = loaded("couplets-tang")
    kept = np.array(own.card["metrics"]["rates"])
    np.testing.assert_array_equal(unit_rates(own), kept)
    tests = vaecore.dataset("couplets", "test")
    del own.card["metrics"]
    measured = unit_rates(own)
    np.testing.assert_allclose(measured, kept, atol=0.02)
    mean, scale = own.posterior(tests.rows(drawn(len(tests), 2000)).texts)
    np.testing.assert_allclose(measured, (mean**2 / 2 + scale**2 / 2 - 0.5 - np.log(scale)).mean(0), atol=1e-4)
    with pytest.raises(ValueError, match="couplets are not in"):
        unit_rates(own, tmp_path)


def test_the_reach_of_a_dimension_is_what_changes_between_its_ends() -> None:
    own = loaded("couplets-tang")
    code = own.quantiles(np.random.default_rng(5).integers(1, 100, own.latent) / 100).diagonal()
    found = reach(own, code)
    low, high = code.copy(), code.copy()
    low[38], high[38] = own.quantiles(list(ENDS))[:, 38]
    a, b = own.decode(np.stack([low, high]))
    assert found.shape == (own.latent,)
    assert found[38] == 10 - sum(shared(a, b, own.form))


def test_a_model_is_told_from_its_twin_without_remedies() -> None:
    assert untreated()["couplets-tang"] == "couplets-collapsed"
    recipe = loaded("couplets-tang").recipe.settings
    assert remedies(loaded("couplets-tang")) == {
        "word_dropout": recipe.word_dropout, "free_bits": recipe.free_bits,
    }  # fmt: skip
    assert remedies(loaded("couplets-collapsed")) == {}


@pytest.mark.usefixtures("couplets_folder")
def test_the_nearest_is_sought_among_texts_that_were_read_before() -> None:
    own = loaded("couplets-tang")
    few = vaecore.dataset("couplets", "test").rows(torch.arange(50))
    (found,) = own.nearest([few.texts[3]], among=few)
    assert (found.text, found.shared) == (few.texts[3], 10)
