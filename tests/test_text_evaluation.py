"""What a text model is measured by: each measure against an answer that is known without it."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from vaecore.data.couplets import FORM
from vaecore.data.text import Texts, to_points, to_strings
from vaecore.distributions import Gaussian
from vaecore.evaluation import evaluate
from vaecore.evaluation.texts import (
    distinct,
    mutual_information,
    nearest,
    path,
    per_character,
    restored,
    tonal_agreement,
    tone,
)
from vaecore.models.text import TextSettings, TextVAE

LINES = [a + b + c for a in "abcd" for b in "abcd" for c in "abcd"]


def made(texts: Texts, **changes: object) -> TextVAE:
    torch.manual_seed(0)
    small = {"latent": 2, "embedding": 6, "channels": (5,), "writer": (5,)}
    model = TextVAE(TextSettings(**small | changes), texts.shape)
    model.prepare(texts.points)
    return model.eval()


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts(to_points(LINES, 3))


def test_bits_per_character_of_a_model_that_knows_the_shares_alone(
    texts: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every weight of the decoder at zero the characters are drawn by their shares, and there are four."""
    model = made(texts)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            if parameter is not model.decoder.output_bias:
                parameter.zero_()
        model.decoder.output_bias.fill_(-torch.inf)
        model.decoder.output_bias[2:] = 0.0
        model.encoder.head.linear[-1].weight.zero_()
        model.encoder.head.linear[-1].bias.zero_()
    monkeypatch.setattr("vaecore.evaluation.texts.SAMPLES", 50)
    found = evaluate(model, texts, texts, False, tmp_path, samples=7)
    assert found["bits_per_character"] == pytest.approx(2.0, abs=1e-5)
    assert found["bits_per_character_error"] == pytest.approx(0.0, abs=1e-5)
    assert found["log_likelihood"] == found["elbo"] == pytest.approx(-3 * math.log(4), abs=1e-5)
    assert found["rate"] == pytest.approx(0.0, abs=1e-6)
    assert found["active_units"] == 0
    assert found["mutual_information"] == pytest.approx(0.0, abs=1e-6)
    assert found["exact_reconstruction"] == 1 / 64
    assert found["copies"] == found["real_copies"] == 1.0
    assert "tonal_agreement" not in found
    assert "half_copies" not in found
    assert found["path_changes"] == 0.0


class Told(TextVAE):
    """Whose posterior is the one that a test says."""

    mean: Tensor
    scale: float

    def posterior(self, x: Tensor, label: Tensor | None = None) -> Gaussian:
        places = [LINES.index(text) for text in to_strings(x)]
        return Gaussian(self.mean[places], torch.full_like(self.mean[places], self.scale))


def test_mutual_information_of_codes_that_lie_apart_or_together(texts: Texts) -> None:
    model = made(texts)
    model.__class__ = Told
    model.mean, model.scale = torch.arange(64.0)[:, None].expand(-1, 2) * 100, 1.0
    assert mutual_information(model, texts.points) == pytest.approx(math.log(64), abs=1e-4)
    model.mean = torch.zeros(64, 2)
    assert mutual_information(model, texts.points) == pytest.approx(0.0, abs=1e-6)
    pairs = torch.arange(64) // 2
    model.mean = pairs.float()[:, None].expand(-1, 2) * 100
    assert mutual_information(model, texts.points) == pytest.approx(math.log(32), abs=1e-4)


def test_distinct_is_the_share_of_different_runs() -> None:
    assert distinct(["abab", "abc"], 1) == 3 / 7
    assert distinct(["abab", "abc"], 2) == 3 / 5
    assert distinct(["a"], 2) == 0.0


def test_tones_of_characters_that_are_known() -> None:
    assert [tone(character) for character in "天平山深x，"] == ["level"] * 4 + [None, None]
    assert [tone(character) for character in "地水月是"] == ["oblique"] * 4


def test_tonal_agreement_counts_the_rules_that_are_kept() -> None:
    level, oblique = "天", "地"
    regular = [oblique, oblique, level, level, oblique, level, level, oblique, oblique, level]
    assert tonal_agreement(["".join(regular)]) == 1.0
    assert tonal_agreement([level * 10]) == 1 / 5
    assert tonal_agreement([oblique * 10]) == 0.0
    assert tonal_agreement(["".join([*regular[:9], oblique])]) == 4 / 5
    assert tonal_agreement(["".join([regular[0], "x", *regular[2:]])]) == 1.0, "two rules are about the second one"
    assert tonal_agreement(["白日依山盡黃河入海流"]) == 1.0


def test_the_nearest_is_the_one_that_shares_most() -> None:
    known = to_points(["abcd", "abxx", "xxcd", "ab"], 4)
    rows, counts = nearest(to_points(["abcx", "ab", "zzzz"], 4), known)
    assert rows[:2].tolist() == [0, 0]
    assert counts.tolist() == [3, 2, 0]


def test_a_path_is_nearer_to_the_end_that_it_is_nearer_to(texts: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that writes its first end before the middle and its second end behind it."""
    model = made(texts)
    model.__class__ = Told
    model.mean, model.scale = torch.stack([torch.arange(64.0), torch.zeros(64)], 1), 1.0
    ends = [LINES[0], LINES[63]]
    whole = to_points(LINES, 3)
    monkeypatch.setattr("vaecore.evaluation.texts._likeliest", lambda _, z: whole[torch.where(z[:, 0] < 32, 0, 63)])
    found = path(model, to_points(ends, 3))
    assert found == {"path_changes": 0.1, "path_nearer": 3.0, "path_nearer_least": 3.0}, "of one pair, no errors"


def test_what_is_restored_is_counted(texts: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(texts)
    monkeypatch.setattr("vaecore.evaluation.texts._likeliest", lambda *_: to_points(["abc", "axc", "ab"], 3))
    whole, characters = restored(model, to_points(["abc", "abc", "ab"], 3))
    assert (whole.tolist(), characters.tolist()) == ([True, False, True], [3, 2, 2])
    assert per_character("right", characters, torch.tensor([3, 3, 2]))["right"] == 7 / 8


def test_couplets_are_measured_by_their_form(tmp_path: Path) -> None:
    couplets = Texts(to_points(["白日依山盡黃河入海流", "千山鳥飛絕萬徑人蹤滅"] * 20, 10), form=FORM)
    model = made(couplets)
    found = evaluate(model, couplets, couplets, False, tmp_path, samples=2)
    assert found["real_half_copies"] == found["real_copies"] == 1.0
    assert 0 <= found["half_copies"] <= 1
    assert found["real_tonal_agreement"] == pytest.approx(
        tonal_agreement(["白日依山盡黃河入海流", "千山鳥飛絕萬徑人蹤滅"])
    )
