"""The text model: two distributions over texts that are ones, and a corpus that is read as it is written."""

import gzip
import json
import math
from collections import Counter
from io import BytesIO
from itertools import combinations, product
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from vaecore import checkpoint
from vaecore.data import couplets, dataset, held_out
from vaecore.data.couplets import FORM
from vaecore.data.text import Texts, own_texts, parts, plain, to_points, to_strings
from vaecore.distributions import Gaussian
from vaecore.evaluation.likelihood import log_likelihood
from vaecore.models.text import TextSettings, TextVAE
from vaecore.recipes import find
from vaecore.sequences import END, UNKNOWN, Writer
from vaecore.texts import SCALARS, TextDistribution
from vaecore.training import train

LENGTH = 4
LIKELIHOODS = ("parallel", "autoregressive")
LINES = ["abba", "abc", "cab", "a", "bb", "caab", "bca", "ab", "cc", "abca"]


def made(likelihood: str, lines: list[str] = LINES, length: int = LENGTH, **changes: object) -> TextVAE:
    """A small model whose weights are far from where they start, so that characters depend on all that they may."""
    settings = {"latent": 3, "embedding": 6, "channels": (5,), "writer": (7, 7), "likelihood": likelihood} | changes
    torch.manual_seed(0)
    data = Texts(to_points(lines, length))
    model = TextVAE(TextSettings(**settings), data.shape)
    model.prepare(data.points)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return model.eval()


@pytest.fixture(params=LIKELIHOODS)
def model(request: pytest.FixtureRequest) -> TextVAE:
    return made(request.param)


def distribution(model: TextVAE, count: int = 2) -> TextDistribution:
    return model.likelihood(torch.randn(count, model.latent, generator=torch.Generator().manual_seed(1)))


def every_text(alphabet: str, length: int) -> list[str]:
    return ["".join(text) for n in range(length + 1) for text in product(alphabet, repeat=n)]


# Distributions over texts


def test_the_probabilities_of_all_texts_sum_to_one(model: TextVAE) -> None:
    texts = every_text("abc?", LENGTH)  # one stands for every unknown character
    multiplicity = torch.tensor([float(SCALARS - 3) ** text.count("?") for text in texts], dtype=torch.float64)
    with torch.no_grad():
        log_prob = model.likelihood(torch.randn(3, 1, model.latent)).log_prob(to_points(texts, LENGTH)).double()
    assert log_prob.shape == (3, len(texts))
    assert torch.allclose((log_prob.exp() * multiplicity).sum(1), torch.ones(3, dtype=torch.float64), atol=1e-5)


def test_a_character_depends_on_those_before_it_alone(model: TextVAE) -> None:
    """Two texts that are the same up to a position have the same logits up to and including that position."""
    a, b = (model.vocabulary.tokens(to_points([text], LENGTH)) for text in ("abca", "abab"))
    with torch.no_grad():
        first, second = (distribution(model, 1).features(tokens) for tokens in (a, b))
    assert torch.allclose(first[:, :3], second[:, :3], atol=1e-6)
    told = not torch.allclose(first[:, 3], second[:, 3], atol=1e-4)
    assert told == (model.settings.likelihood == "autoregressive")


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_samples_are_as_frequent_as_they_are_likely(model: TextVAE, temperature: float) -> None:
    """The first characters at any temperature, and whole texts at 1: without unknown ones at every place."""
    one = distribution(model, 1)
    n = 20_000
    with torch.no_grad():
        drawn = type(one)(one.decoder, one.vocabulary, one.z.expand(n, -1)).sample(
            torch.Generator().manual_seed(0), temperature
        )
        logits = one.decoder.logits(one.features(torch.zeros(1, LENGTH, dtype=torch.int64)))[0, 0]
    logits[UNKNOWN] = -torch.inf
    expected = (logits / temperature).softmax(0)
    begun = model.vocabulary.tokens(drawn)[:, 0].bincount(minlength=len(expected)) / n
    assert begun.tolist() == pytest.approx(expected.tolist(), abs=4 * math.sqrt(0.25 / n))
    if temperature == 1:
        texts = every_text("abc", LENGTH)
        counts = Counter(to_strings(drawn))
        likely = [text for text in texts if conditionals(one, text).prod() > 0.01]
        assert len(likely) > 3
        for text in likely:
            share = float(conditionals(one, text).prod())
            assert counts[text] / n == pytest.approx(share, abs=5 * math.sqrt(share / n))


def conditionals(one: TextDistribution, text: str) -> Tensor:
    """p(x_t | before) without the unknown one, of every character of a text and the END behind it."""
    tokens = one.vocabulary.tokens(to_points([text], LENGTH))
    with torch.no_grad():
        logits = one.decoder.logits(one.features(tokens))[0]
    logits[:, UNKNOWN] = -torch.inf
    said = min(len(text) + 1, LENGTH)
    return logits.softmax(-1)[torch.arange(said), tokens[0, :said]]


def test_greedy_takes_the_likeliest_and_top_k_no_other(model: TextVAE) -> None:
    one = distribution(model, 50)
    greedy = one.sample(temperature=0.0)
    assert torch.equal(greedy, one.sample(torch.Generator().manual_seed(3), top_k=1))
    with torch.no_grad():
        logits = one.decoder.logits(one.features(model.vocabulary.tokens(greedy)))
    logits[..., UNKNOWN] = -torch.inf
    best = model.vocabulary.texts(logits.argmax(-1))
    assert torch.equal(best, greedy)
    first = one.sample(torch.Generator().manual_seed(0), temperature=5.0, top_k=2)[:, 0]
    allowed = model.vocabulary.characters[logits[:, 0].topk(2).indices]
    assert (first[:, None] == allowed).any(1).all()
    assert len(first.unique()) > 1


@pytest.mark.parametrize("kernel", [1, 3])
def test_position_after_position_is_the_same_as_all_at_once(kernel: int) -> None:
    """Over more positions than the convolutions see, where the width changes and where it does not."""
    model = made("autoregressive", length=24, writer=(7, 7, 5, 5), kernel=kernel)
    one = distribution(model, 3)
    tokens = torch.randint(len(model.vocabulary), (3, 24), generator=torch.Generator().manual_seed(2))
    before = torch.cat([torch.full((3, 1), END), tokens[:, :-1]], 1)
    writer = Writer(model.decoder, one.z)
    with torch.no_grad():
        written = torch.stack([writer.step(column) for column in before.unbind(1)], 1)
        assert torch.allclose(written, one.features(tokens), atol=1e-5)


def test_the_likeliest_text_of_a_code_is_that_of_one_as_long_as_the_priors(model: TextVAE) -> None:
    z = torch.randn(20, 3)
    short, long = (z / z.norm(dim=1, keepdim=True) * length for length in (0.5, 4.0))
    middle = z / z.norm(dim=1, keepdim=True) * 3**0.5
    assert torch.equal(model.likeliest(short), model.likelihood(middle).sample(temperature=0.0))
    assert torch.equal(model.likeliest(long), model.likelihood(long).sample(temperature=0.0))
    origin = torch.zeros(1, 3)
    assert torch.equal(model.likeliest(origin), model.likelihood(origin).sample(temperature=0.0))


def test_samples_stand_in_front_of_the_batch_and_repeat_with_a_seed(model: TextVAE) -> None:
    one = distribution(model, 5)
    first, again = (one.rsample((3,), torch.Generator().manual_seed(2)) for _ in range(2))
    assert first.shape == (3, 5, LENGTH)
    assert torch.equal(first, again)
    assert first.dtype == torch.int32
    with pytest.raises(TypeError, match="texts have no mean"):
        _ = one.mean


def test_an_unknown_character_costs_its_token_and_its_place_in_unicode(model: TextVAE) -> None:
    one = distribution(model)
    with torch.no_grad():
        prices = one.log_prob(to_points(["x", "詩"], LENGTH))
        token = one.decoder.logits(one.features(torch.full((2, LENGTH), END)))[:, 0].log_softmax(-1)[:, UNKNOWN]
        ends = one.log_prob(to_points(["a", "a"], LENGTH)) - one.log_prob(to_points(["a"] * 2, LENGTH))
    assert prices[0] != prices[1]  # of different codes
    with torch.no_grad():
        logits = one.decoder.logits(one.features(torch.tensor([[UNKNOWN, END, END, END]] * 2))).log_softmax(-1)
    expected = token + logits[:, 1, END] - math.log(0x110000 - 0x800 - 1 - 3)
    assert torch.allclose(prices, expected, atol=1e-4)
    assert not ends.any()


def test_word_dropout_hides_characters_while_training_only() -> None:
    model = made("autoregressive", word_dropout=0.5)
    tokens = model.vocabulary.tokens(to_points(["abca"] * 4000, LENGTH))
    assert torch.equal(model.decoder._before(tokens)[:, 1:], tokens[:, :-1])
    hidden = model.train().decoder._before(tokens) == UNKNOWN
    assert hidden.float().mean() == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match="a parallel likelihood is not told any"):
        find("couplets-parallel").changed(word_dropout=0.1)


# The model


def test_the_encoder_reads_the_text_and_not_what_is_behind_it() -> None:
    model = made("parallel", channels=(5,), kernel=1)
    short, long = (model.posterior(to_points(["ab"], length)) for length in (LENGTH, LENGTH))
    assert torch.equal(short.mean, long.mean)
    wide = made("parallel", length=6, channels=(5,), kernel=1)
    wide.encoder.load_state_dict(
        {k: v if k != "positions" else torch.cat([v, torch.randn(2, 6)]) for k, v in model.encoder.state_dict().items()}
    )
    wide.embedding.load_state_dict(model.embedding.state_dict())
    assert torch.allclose(wide.posterior(to_points(["ab"], 6)).mean, short.mean, atol=1e-6)


def test_the_encoder_knows_positions_unless_it_is_told_none() -> None:
    for positions in (True, False):
        model = made("parallel", kernel=1, positions=positions)
        a, b = model.posterior(to_points(["abc", "cba"], LENGTH)).mean
        assert torch.allclose(a, b, atol=1e-5) != positions


def test_every_parameter_is_reached_and_the_terms_are_the_bound(model: TextVAE) -> None:
    model.train()
    x = to_points(LINES, LENGTH)
    torch.manual_seed(0)
    terms = model(x)
    torch.stack(list(terms.values())).sum(0).mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name
    torch.manual_seed(0)
    q = model.posterior(x)
    z = q.rsample()
    assert torch.allclose(terms["distortion"], -model.likelihood(z).log_prob(x))
    closed = (q.scale**2 + q.mean**2 - 1 - 2 * q.scale.log()).sum(1) / 2
    assert torch.allclose(terms["rate"], closed, atol=1e-5)


def test_the_importance_weighted_likelihood_is_the_integral_over_the_codes() -> None:
    """With one latent the evidence is an integral that can be done on a grid."""
    model = made("autoregressive", latent=1)
    with torch.no_grad():
        model.encoder.head.linear[-1].weight *= 0.1  # a wide posterior: its weights have a small variance
        model.encoder.head.linear[-1].bias.zero_()
    x = to_points(["ab", "caab", "bb"], LENGTH)
    grid = torch.linspace(-8, 8, 4001)[:, None, None]
    with torch.no_grad():
        joint = model.likelihood(grid).log_prob(x) + Gaussian(torch.zeros(1), torch.ones(1)).log_prob(grid)
    evidence = joint.double().logsumexp(0) + math.log(16 / 4000)
    found = log_likelihood(model, x, None, 20_000, torch.Generator().manual_seed(0))
    assert found.tolist() == pytest.approx(evidence.tolist(), abs=0.05)


# The vocabulary


def test_the_vocabulary_is_the_most_frequent_characters() -> None:
    data = Texts(to_points(["ab", "ab", "b\U00020000", "c\U00020000", "x詩"], 2))
    assert data.shape == (1, 2, 3), "a, b and the third are there twice"
    model = TextVAE(TextSettings(vocabulary=2), data.shape)
    model.prepare(data.points)
    assert model.vocabulary.characters.tolist() == [0, 0xFFFD, ord("a"), ord("b")]
    tokens = model.vocabulary.tokens(to_points(["ba", "\U00020000", ""], 2))
    assert tokens.tolist() == [[3, 2], [UNKNOWN, END], [END, END]]
    assert to_strings(model.vocabulary.texts(tokens)) == ["ba", "\ufffd", ""]


# The data


def test_strings_and_code_points_are_each_others_inverse() -> None:
    texts = ["", "abc", "詩\U00020000", "naïve ñ"]
    assert to_strings(to_points(texts, 8)) == texts
    assert to_strings(to_points(["秦川雄帝宅函谷壯皇居"], 10), FORM) == ["秦川雄帝宅，函谷壯皇居。"]
    assert plain(" 秦川雄帝宅，函谷壯皇居。\n", FORM) == "秦川雄帝宅函谷壯皇居"
    assert parts("秦川雄帝宅函谷壯皇居", FORM) == ["秦川雄帝宅", "函谷壯皇居"]


def test_the_same_text_is_never_in_both_splits() -> None:
    texts = [f"line {i % 700}" for i in range(2000)]
    corpus = Texts(to_points(texts, 12))
    test, rest = corpus.split("test").texts, corpus.split("train").texts
    assert sorted(test + rest) == sorted(texts)
    assert not set(test) & set(rest)
    assert len(set(test)) / 700 == pytest.approx(0.05, abs=0.03)
    others = Texts(to_points([*texts, "more", "and more"], 12)).split("test").texts
    assert set(test) <= set(others), "what else there is decides nothing"
    for two in (["a", "b"], ["b", "a", "a"]):
        small = Texts(to_points(two, 1))
        assert len(set(small.split("test").texts)) == len(set(small.split("train").texts)) == 1
    with pytest.raises(ValueError, match="expected at least 2 different texts"):
        Texts(to_points(["a", "a"], 1)).split("test")


VERSE = "{}{}，{}{}。"


def couplets_of(*texts: str) -> Texts:
    return Texts(to_points(texts, 4), VERSE)


def together(*texts: str) -> bool:
    """Whether all are of one group, among others that share nothing."""
    groups = couplets_of("wxyz", *texts, "stuv").groups.tolist()
    assert groups[0] != groups[-1]
    assert not {groups[0], groups[-1]} & set(groups[1:-1])
    return len(set(groups[1:-1])) == 1


def test_texts_that_share_a_line_are_of_one_group() -> None:
    assert together("aabb", "aabb")
    assert together("aabb", "aacc")
    assert together("aabb", "ccbb")
    assert together("aabb", "bbcc"), "the second line of one, the first of the other"
    assert together("aabb", "ddee", "ccdd", "bbcc"), "one after the other, in any order"
    assert together("aaaa", "aabb")
    assert not together("abcd", "xbcy"), "what stands across the middle is no line"
    assert not together("aabb", "cdcd", "baab")
    assert len(set(Texts(to_points(["ab", "ac", "ab"], 2)).groups.tolist())) == 2, "without a form only the same texts"
    assert len(couplets_of().groups) == 0


def test_lines_of_two_lengths_are_compared_as_they_are() -> None:
    groups = Texts(to_points(["abcd", "xyzd", "dabc", "abcx"], 4), "{}{}{}-{}").groups
    assert groups[0] == groups[1] == groups[3] != groups[2]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=120))
def test_no_line_is_on_two_sides(pairs: list[tuple[int, int]]) -> None:
    """Of training, of what is held out of it, and of the test."""
    lines = [chr(0x4E00 + n) + chr(0x5E00 + n) for n in range(41)]
    corpus = couplets_of(*(lines[a] + lines[b] for a, b in pairs))
    assume(len(set(corpus.groups.tolist())) > 1)
    train, test = corpus.split("train"), corpus.split("test")
    rest, held = held_out("lines.txt", train)
    assert len(held) <= len(train) // 10
    sides = [part.texts for part in (rest, held, test)]
    assert sorted(text for texts in sides for text in texts) == sorted(corpus.texts)
    shown = [{line for text in texts for line in parts(plain(text, VERSE), VERSE)} for texts in sides]
    assert not any(one & other for one, other in combinations(shown, 2))
    assert min(len(train), len(test)) > 0


def test_a_tenth_of_texts_is_held_out_the_same_twice() -> None:
    corpus = couplets_of(*(f"{n:04}" for n in range(0, 10_000, 101)))
    once, again = (held_out("lines.txt", corpus) for _ in range(2))
    assert [len(part) for part in once] == [90, 10]
    assert [part.texts for part in once] == [part.texts for part in again]
    rest, held = held_out("lines.txt", couplets_of(*(f"{n:02}ab" for n in range(30))))
    assert (len(rest), len(held)) == (30, 0), "all share a line"


def test_lines_of_your_own_in_any_script(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufeffВишнёвый сад\r\n\r\n  한국어 \ncafe\u0301\n".encode())
    assert own_texts(path).texts == ["Вишнёвый сад", "한국어", "café"]
    packed = tmp_path / "lines.txt.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert own_texts(packed).texts == own_texts(path).texts
    assert len(dataset(path, "train")) + len(dataset(path, "test")) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "not a readable UTF-8 file"),
        (b" \n\n", "expected lines of text, found none"),
        (b"a" * 65, "at most 64 characters, got 65"),
        (b"a\x00b", "a NUL in it"),
    ],
)
def test_what_is_no_corpus_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        dataset(path)


def test_models_and_data_must_be_of_one_kind(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("one\ntwo\nthree\n")
    with pytest.raises(ValueError, match="expected images, got texts"):
        train("vae-digits-2", out=tmp_path / "run", dataset=path, device="cpu")
    with pytest.raises(ValueError, match="expected texts, got images"):
        train("couplets-tang", out=tmp_path / "run", dataset="digits", device="cpu")
    assert not (tmp_path / "run").exists()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A collection of two files, that can be had."""
    files = [
        [{"paragraphs": ["秦川雄帝宅，函谷壯皇居。", "何如肆轍跡？萬里賞瑤池。"]}, {"paragraphs": ["山。"]}],
        [{"paragraphs": ["連甍遙接漢，飛觀迥凌虛。", "秦川雄帝宅，函谷壯皇居。", "{宀/曰}契自然，符函谷壯皇。"]}],
    ]
    asked: list[str] = []

    def answer(url: str) -> BytesIO:
        asked.append(url)
        return BytesIO(json.dumps(files[len(asked) - 1]).encode())

    monkeypatch.setattr(couplets.urllib.request, "urlopen", answer)
    monkeypatch.setattr(couplets, "POEMS", couplets.POEMS[:2])
    return asked


def test_couplets_are_fetched_from_the_pinned_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: list[str]
) -> None:
    kept = ["秦川雄帝宅，函谷壯皇居。", "連甍遙接漢，飛觀迥凌虛。"]
    monkeypatch.setattr(couplets, "SHA256", couplets._hash(kept))
    found = [text for split in ("train", "test") for text in dataset("couplets", split, tmp_path).texts]
    assert sorted(found) == sorted(kept)
    assert len(published) == 2
    assert all(couplets.COMMIT in url and url.endswith(".json") and url.isascii() for url in published)
    assert gzip.decompress((tmp_path / "couplets" / "tang-couplets.txt.gz").read_bytes()).decode().split() == kept


def test_another_collection_is_refused_and_leaves_nothing(tmp_path: Path, published: list[str]) -> None:
    with pytest.raises(ValueError, match="the 2 couplets that came are not the published ones"):
        dataset("couplets", "train", tmp_path)
    assert published
    assert not list(tmp_path.rglob("*.gz"))
    (tmp_path / "couplets").mkdir()
    (tmp_path / "couplets" / "tang-couplets.txt.gz").write_bytes(gzip.compress("秦川雄帝宅，函谷壯皇居。\n".encode()))
    with pytest.raises(ValueError, match="damaged file"):
        dataset("couplets", "train", tmp_path)


@pytest.mark.usefixtures("couplets_folder")
def test_the_couplets_are_those_that_were_counted() -> None:
    rest, test = (dataset("couplets", split) for split in ("train", "test"))
    assert (len(rest), len(test)) == (147_727, 7_379)
    assert rest.shape[:2] == (1, 10)
    assert rest.texts[0] == "秦川雄帝宅，函谷壯皇居。"


@pytest.mark.usefixtures("couplets_folder")
def test_no_line_of_the_couplets_is_on_two_sides() -> None:
    train, test = (dataset("couplets", split) for split in ("train", "test"))
    rest, held = held_out("couplets", train)
    assert (len(rest), len(held)) == (132_955, 14_772)
    sides = [{line for text in part.texts for line in text.rstrip("。").split("，")} for part in (rest, held, test)]
    assert {len(line) for side in sides for line in side} == {5}
    assert not any(one & other for one, other in combinations(sides, 2))


# Training


def test_a_text_model_is_trained_and_resumed_by_the_same_loop(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(f"{a} and {b}" for a in LINES for b in LINES))
    small = {"embedding": 8, "channels": (8,), "writer": (8, 8), "latent": 4, "epochs": 3, "batch": 16}
    whole = train("couplets-tang", out=tmp_path / "whole", dataset=path, device="cpu", **small)
    history = [json.loads(row) for row in (whole / "history.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[-1]["train"]["distortion"] < history[0]["train"]["distortion"]
    model, recipe, card = checkpoint.load(whole)
    assert isinstance(model, TextVAE)
    assert recipe.dataset == str(path)
    assert set(map(chr, model.vocabulary.characters[2:].tolist())) == set("".join(LINES) + " and")
    assert card["data"]["form"] == ""
    assert 0 <= card["metrics"]["exact_reconstruction"] <= card["metrics"]["characters_right"] <= 1
