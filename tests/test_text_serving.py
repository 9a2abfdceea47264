"""The Explorer of texts: lists of strings in and out, and one sentence for what it cannot read."""

from pathlib import Path

import numpy as np
import pytest
import torch

import vaecore
from vaecore.__main__ import main
from vaecore.checkpoint import names
from vaecore.data.couplets import FORM
from vaecore.data.text import Texts, to_points, to_strings
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.models.text import TextSettings, TextVAE
from vaecore.recipes import find
from vaecore.serving.loading import load
from vaecore.serving.texts import TextExplorer, as_texts, text_names, tones

WORDS = ("the cat", "a dog", "my bird", "one fish", "her horse", "that mouse")
ENGLISH = [f"{a} sees {b} {when}" for a in WORDS for b in WORDS for when in ("today", "again", "at night")]
COUPLETS = ["白日依山盡，黃河入海流。", "千山鳥飛絕，萬徑人蹤滅。"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "english.txt"
    path.write_text("\n".join(ENGLISH), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def english(corpus: Path) -> TextExplorer:
    """A model of English lines, trained by the command line."""
    out = corpus.parent / "run"
    small = ["embedding=16", "channels=[16]", "writer=[16,16]", "latent=8", "epochs=20", "batch=16", "word_dropout=0.1"]
    assert main(["train", "couplets-tang", "--set", f"dataset={corpus}", *small, "--out", str(out)]) == 0
    explorer = load(out, device="cpu")
    assert isinstance(explorer, TextExplorer)
    return explorer


@pytest.fixture(scope="module")
def verse() -> TextExplorer:
    """An untrained model of couplets."""
    torch.manual_seed(0)
    data = Texts(to_points([text.replace("，", "").replace("。", "") for text in COUPLETS * 2], 10), form=FORM)
    recipe = find("couplets-tang").changed(latent=5, embedding=8, channels=(8,), writer=(8, 8))
    assert isinstance(recipe.settings, TextSettings)
    model = TextVAE(recipe.settings, data.shape)
    model.prepare(data.points)
    return TextExplorer(model.eval(), recipe, {"classes": [], "data": {"form": FORM}})


def test_it_says_what_it_can(english: TextExplorer) -> None:
    assert english.abilities == {"encode", "decode", "sample", "likelihood", "text"}
    assert (english.latent, english.variant, english.form) == (8, "text", "")
    assert english.model.settings.likelihood == "autoregressive"
    assert english.standard_prior


def test_strings_go_in_and_come_out(english: TextExplorer) -> None:
    codes = english.encode(ENGLISH)
    assert codes.shape == (len(ENGLISH), 8)
    assert codes.dtype == np.float32
    texts = english.decode(codes)
    assert texts == english.reconstruct(ENGLISH)
    assert all(isinstance(text, str) and len(text) <= max(map(len, ENGLISH)) for text in texts)
    np.testing.assert_allclose(codes[:3], english.encode(ENGLISH[:3]), atol=1e-5)
    assert english.encode([]).shape == (0, 8)
    assert english.decode(np.zeros((0, 8))) == []
    mean, scale = english.posterior(ENGLISH[:3])
    np.testing.assert_allclose(mean, codes[:3], atol=1e-5)
    assert (scale > 0).all()


def test_samples_repeat_with_a_seed_and_obey_the_temperature(english: TextExplorer) -> None:
    assert english.sample(5, seed=1) == english.sample(5, seed=1) != english.sample(5, seed=2)
    codes = np.repeat(english.encode(ENGLISH[:1]), 30, 0)
    assert len(set(english.decode(codes))) == 1
    assert len(set(english.decode(codes, temperature=2.0, seed=0))) > 5
    far = codes * 10  # as long as the prior's: none is lengthened
    assert english.decode(far, temperature=2.0, top_k=1) == english.decode(far)
    for wrong in ({"temperature": -1.0}, {"temperature": float("nan")}, {"top_k": 0}):
        with pytest.raises(ValueError, match=r"expected a temperature >= 0|top_k: expected at least 1"):
            english.sample(1, **wrong)
    with pytest.raises(ValueError, match="n: expected at least 0, got -1"):
        english.sample(-1)


def test_likelihoods_are_the_models(english: TextExplorer) -> None:
    found = english.log_likelihood(ENGLISH[:4], samples=20, seed=3)
    x = to_points(ENGLISH[:4], english.model.shape[1])
    assert found == pytest.approx(
        log_likelihood(english.model, x, None, 20, torch.Generator().manual_seed(3)).numpy(), abs=1e-4
    )
    bound = np.mean([english.elbo(ENGLISH[:4], seed=seed) for seed in range(20)], 0)
    assert (english.log_likelihood(ENGLISH[:4], samples=2000) > bound - 0.1).all()
    nonsense = english.log_likelihood(["zq xkv qqz"], samples=20)
    assert nonsense[0] < found.min()


def test_the_way_between_two_texts(english: TextExplorer) -> None:
    a, b = english.encode([ENGLISH[0], ENGLISH[-1]])
    for path in ("linear", "spherical"):
        codes = english.interpolate(a, b, 11, path)
        assert codes.shape == (11, 8)
        assert path == "linear" or np.array_equal(codes, english.interpolate(a, b, 11))
        assert english.decode(codes[[0, -1]]) == english.reconstruct([ENGLISH[0], ENGLISH[-1]])
    with pytest.raises(ValueError, match="expected path 'linear' or 'spherical' for texts, got 'data'"):
        english.interpolate(a, b, 11, "data")


def test_couplets_may_come_with_their_marks_and_go_out_with_them(verse: TextExplorer) -> None:
    bare = [text.replace("，", "").replace("。", "") for text in COUPLETS]
    np.testing.assert_array_equal(verse.encode(COUPLETS), verse.encode(bare))
    assert verse.sample(3, seed=0)
    full = [text for text in verse.sample(200, seed=0) if len(text) == 12]
    assert full
    assert all((text[5], text[11]) == ("，", "。") for text in full)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["白日依山盡"], "expected texts of 10 characters, got 5 in '白日依山盡'"),
        (["白日依山盡黃河入海流千"], "expected texts of 10 characters, got 11"),
        ([""], "expected texts of 10 characters, got 0"),
    ],
)
def test_what_is_no_couplet_is_refused(verse: TextExplorer, texts: list[str], message: str) -> None:
    for verb in (verse.encode, verse.log_likelihood, verse.reconstruct, verse.unknown):
        with pytest.raises(ValueError, match=f"couplets-tang: {message}"):
            verb(texts)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("白日依山盡黃河入海流", "expected a list of strings, got str"),
        (3, "expected a list of strings, got int"),
        ([1, 2], "expected strings, got int"),
        (np.zeros((1, 10)), "expected strings, got ndarray"),
    ],
)
def test_what_is_no_list_of_strings_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"verse: {message}"):
        as_texts(wrong, 10, FORM, "verse")


def test_what_is_no_line_is_refused(english: TextExplorer) -> None:
    for wrong in ("", " ", "x" * 65):
        with pytest.raises(ValueError, match=r"expected texts of 1 to \d+ characters"):
            english.encode([wrong])
    with pytest.raises(ValueError, match=r"expected codes \[n, 8\]"):
        english.decode(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="is not conditional"):
        english.encode(ENGLISH[:1], np.zeros(1, dtype=np.int64))


def test_unknown_characters_are_counted_in_a_sentence(english: TextExplorer) -> None:
    assert english.unknown(ENGLISH[:2]) == ""
    assert english.unknown(["the 猫 sees 猫"]).startswith("2 of 12 characters are not in the vocabulary of run (猫)")
    assert english.unknown(["a Ж"]).startswith("1 of 3 characters is not in")
    assert english.encode(["the 猫"]).shape == (1, 8)


def test_the_nearest_training_text_shares_most(english: TextExplorer, corpus: Path) -> None:
    train = vaecore.dataset(corpus, "train").texts
    (found,) = english.nearest([train[5][:-1] + "X"])
    assert found == (train[5], len(train[5]) - 1)


def test_tones_of_a_line() -> None:
    assert tones("白日依山盡x") == ["level", "oblique", "level", "level", "oblique", None]


def test_text_models_are_told_from_the_others() -> None:
    found = [name for name in names() if "text" in load(name, device="cpu").abilities]
    assert text_names() == found
    assert vaecore.dataset("digits").images.ndim == 4


def test_the_command_line_measures_a_corpus_of_your_own(
    english: TextExplorer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(english.folder), "--samples", "5", "--write"]) == 0
    told = capsys.readouterr().out
    for metric in ("bits_per_character", "rate", "active_units", "distinct_2", "path_changes"):
        assert metric in told
    card = load(english.folder, device="cpu").card
    assert card["metrics"]["bits_per_character"] > 0
    assert card["evaluation"]["samples"] == 5
    assert not (Path(english.folder) / "map.safetensors").exists()
    assert to_strings(to_points(["ab"], 3)) == ["ab"]
