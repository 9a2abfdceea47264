"""The command line: what it prints, what it leaves, and its one sentence for what the user can mend."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import vaecore
from vaecore.__main__ import main
from vaecore.checkpoint import CARD, RECIPE, WEIGHTS, names
from vaecore.data import Images
from vaecore.models import MODELS
from vaecore.printed import _short
from vaecore.recipes import RECIPES
from vaecore.serving import Explorer
from vaecore.serving.kept import MAP
from vaecore.serving.takeaway import take_away
from vaecore.serving.trainer import alone

COMMANDS = ("list", "train", "jobs", "evaluate", "export", "fetch")
SMALL = ["--device", "cpu", "--set", "epochs=2", "hidden=[8,4]", "batch=256"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The sentence on standard error."""
    assert main(list(words)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("vaecore: ")
    return lines[0]


@pytest.mark.parametrize("words", [["--help"], *([command, "--help"] for command in COMMANDS)], ids=" ".join)
def test_help_teaches_by_example(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 0
    told = capsys.readouterr().out
    examples = told.partition("examples:")[2]
    assert f"vaecore {words[0] if len(words) > 1 else ''}" in examples
    if len(words) == 1:
        assert all(f"vaecore {command}" in examples for command in COMMANDS)


def test_every_example_is_understood(capsys: pytest.CaptureFixture[str]) -> None:
    """The examples name recipes, fields and data sets that there are."""
    with pytest.raises(SystemExit):
        main(["--help"])
    lines = re.findall(r"vaecore (train .*)", capsys.readouterr().out.partition("examples:")[2])
    assert len(lines) >= 3
    for line in lines:
        words = shlex.split(line.partition("   ")[0])
        assert words[1] in RECIPES
        changes = [word for word in words if "=" in word]
        assert all(word.partition("=")[0] in RECIPES[words[1]].flat() for word in changes)


@pytest.mark.parametrize(
    "words", [[], ["bake"], ["train"], ["evaluate"], ["fetch"], ["train", "vae-digits-2", "--seed", "x"], ["list", "x"]]
)
def test_misuse_exits_with_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage: vaecore" in capsys.readouterr().err


def test_list_shows_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    words = set(told.split())
    assert set(names()) | set(RECIPES) | set(MODELS) <= words
    parameters = vaecore.load("vae-digits-2").card["parameters"]
    assert f"{parameters:,}" in told


def test_train_then_use_then_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str], test_digits: Images) -> None:
    out = tmp_path / "run"
    assert main(["train", "vae-digits-2", *SMALL, "latent=3", "--out", str(out), "--seed", "5"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    explorer = vaecore.load(out, device="cpu")
    assert (explorer.latent, explorer.card["seed"]) == (3, 5)
    assert explorer.recipe == RECIPES["vae-digits-2"].changed(epochs=2, hidden=(8, 4), batch=256, latent=3)
    assert explorer.encode(test_digits.images).shape == (179, 3)
    sentence = refused(capsys, "train", "vae-digits-2", *SMALL, "latent=3", "--out", str(out), "--seed", "5")
    assert "--resume" in sentence
    again = ["train", "vae-digits-2", *SMALL, "latent=3", "--out", str(out), "--seed", "5", "--resume"]
    before = (out / WEIGHTS).stat().st_mtime_ns
    assert main(again) == 0
    assert (out / WEIGHTS).stat().st_mtime_ns == before


def test_the_cards_command_repeats_the_run(tmp_path: Path) -> None:
    """What a card says made it, makes it again: lists, numbers, words and all."""
    changes = {"hidden": (8, 4), "epochs": 1, "betas": (0.8, 0.9), "learning_rate": 0.01, "binarise": True}
    first = vaecore.train(
        "vae-digits-2", out=tmp_path / "first", device="cpu", seed=4, likelihood="gaussian", **changes
    )
    program, *words = shlex.split(json.loads((first / CARD).read_text())["command"])
    assert program == "vaecore"
    assert main([*words, "--device", "cpu", "--out", str(tmp_path / "second")]) == 0
    for file in (RECIPE, WEIGHTS):
        assert (first / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_set_may_be_given_more_than_once(tmp_path: Path) -> None:
    words = ["--set", "epochs=1", "--set", "hidden=[4]", "--set", "scale=learned", "likelihood=gaussian"]
    assert main(["train", "vae-digits-2", *words, "--device", "cpu", "--out", str(tmp_path)]) == 0
    settings = json.loads((tmp_path / RECIPE).read_text())["settings"]
    assert (settings["hidden"], settings["scale"], settings["likelihood"]) == ([4], "learned", "gaussian")


def test_train_on_own_images_into_the_default_folder(
    tmp_path: Path, digits: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", images=digits.images[:60, 0])
    assert main(["train", "ae-digits-2", *SMALL, "dataset=mine.npz"]) == 0
    assert (tmp_path / "runs" / "ae-digits-2" / CARD).exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "vae-digits-3"], "unknown recipe 'vae-digits-3'.*vae-digits-2"),
        (["train", "vae-digits-2", "--set", "latnet=3"], "has no field 'latnet'; did you mean 'latent'"),
        (["train", "vae-digits-2", "--set", "latent=many"], "latent: .*'many'"),
        (["train", "vae-digits-2", "--set", "latent"], "expected KEY=VALUE after --set, got 'latent'"),
        (["train", "vae-digits-2", "--set", "seed=3"], "seed"),
        (["train", "vae-digits-2", "--set", "device=cpu"], "device"),
        (["train", "vae-digits-2", "--set", "name=x"], "name"),
        (["train", "vae-digits-2", "--set", "resume=true"], "resume"),
        (["train", "vae-digits-2", "--set", "=3"], "''|expected KEY=VALUE"),
        (["train", "vae-digits-2", "--set", "dataset=nowhere.zip"], "nowhere.zip"),
        (["train", "vae-digits-2", "--device", "tpu"], "unknown device 'tpu'"),
        (["evaluate", "vae-digits-3"], "no pretrained model and no run is called 'vae-digits-3'"),
        (["evaluate", "vae-digits-2", "--samples", "0"], "samples"),
        (["fetch", "emnist"], "unknown data set 'emnist'.*mnist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_user_can_mend_is_one_sentence(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert re.search(message, refused(capsys, *words))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    refused(capsys, "train", "vae-digits-2", *SMALL, "--out", str(tmp_path / "file"))


def test_without_a_network_fetch_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = refused(capsys, "fetch", "mnist", "--data-dir", str(tmp_path))
    assert f"MNIST is not in {tmp_path}" in sentence


def test_fetch_says_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "digits", "--data-dir", str(tmp_path)]) == 0
    assert str(tmp_path) in capsys.readouterr().out


@pytest.mark.parametrize("error", ["half a card", "no weights"])
def test_a_broken_run_is_one_sentence(
    error: str, vae: Explorer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(vae.folder, run)
    if error == "no weights":
        (run / WEIGHTS).unlink()
    else:
        (run / CARD).write_text("{")
    assert str(run) in refused(capsys, "evaluate", str(run))


def figures(told: str) -> dict[str, float]:
    """What is printed, "name value" or "name value ± error", by the names that a card has."""
    found: dict[str, float] = {}
    for name, value, error in re.findall(r"^(\w+) +(-?[\d.]+)(?: ± ([\d.]+))?$", told, re.MULTILINE):
        found |= {name: float(value)} | ({f"{name}_error": float(error)} if error else {})
    return found


def test_evaluate_prints_what_was_measured(capsys: pytest.CaptureFixture[str], test_digits: Images) -> None:
    assert main(["evaluate", "vae-digits-2", "--samples", "50", "--device", "cpu"]) == 0
    found = figures(capsys.readouterr().out)
    explorer = vaecore.load("vae-digits-2", device="cpu")
    assert found["squared_error"] == pytest.approx(explorer.card["metrics"]["squared_error"], abs=1e-3)
    pca = vaecore.load("pca-digits", device="cpu").truncate(2)
    error = ((pca.reconstruct(test_digits.images) - test_digits.images) ** 2).sum((1, 2, 3)).mean()
    assert found["pca_squared_error"] == pytest.approx(error, abs=1e-3)
    expected = explorer.log_likelihood(test_digits.images, samples=50).mean()
    assert found["grey_bound"] == pytest.approx(expected, abs=0.1)
    assert found["grey_elbo"] < found["grey_bound"]
    assert "log_likelihood" not in found, "grey pixels have no likelihood under a Bernoulli model"
    assert 0.5 < found["neighbour_accuracy"] <= 1
    assert 0.5 < found["better_than_pca"] <= 1


@pytest.mark.parametrize("validation", ["true", "false"])
def test_evaluate_keeps_what_was_measured(validation: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    words = ["likelihood=gaussian", f"validation={validation}", "--out", str(run)]
    assert main(["train", "vae-digits-2", *SMALL, *words]) == 0
    before = json.loads((run / CARD).read_text())
    assert main(["evaluate", str(run), "--samples", "20", "--seed", "7", "--write", "--device", "cpu"]) == 0
    found = figures(capsys.readouterr().out)
    card = json.loads((run / CARD).read_text())
    numbers = {name: value for name, value in card["metrics"].items() if not isinstance(value, dict | list)}
    assert {name: round(value, 4) for name, value in numbers.items()} == found
    assert "log_likelihood" in found, "grey pixels have one under a Gaussian model"
    assert (card["evaluation"]["samples"], card["evaluation"]["seed"]) == (20, 7)
    assert card["evaluation"]["split"] == "test"
    assert {key: value for key, value in card.items() if key not in ("metrics", "evaluation")} == {
        key: value for key, value in before.items() if key != "metrics"
    }, "the scores of normal images too are those that the training kept, over what it trained on"
    assert (run / MAP).exists()
    assert len(vaecore.serving.maps.latent_map(vaecore.load(run, device="cpu")).codes) == 179


def test_replicates_give_a_mean_and_a_deviation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [str(tmp_path / f"seed-{seed}") for seed in range(3)]
    for seed, run in enumerate(runs):
        words = ["binarise=true", "--out", run, "--seed", str(seed)]
        assert main(["train", "vae-digits-2", *SMALL, *words]) == 0
    first, *others = runs
    assert main(["evaluate", first, "--samples", "20", "--write", "--replicates", *others]) == 0
    metrics = json.loads((tmp_path / "seed-0" / CARD).read_text())["metrics"]
    values = []
    for run in runs:
        assert main(["evaluate", run, "--samples", "20", "--write"]) == 0
        values.append(json.loads((Path(run) / CARD).read_text())["metrics"]["log_likelihood"])
    found = metrics["replicates"]
    assert found["seeds"] == [0, 1, 2]
    assert found["mean"] == pytest.approx(np.mean(values), abs=1.0), "other importance samples, the same images"
    assert found["log_likelihood"][0] == pytest.approx(values[0], abs=1e-3)
    assert found["deviation"] == pytest.approx(np.std(found["log_likelihood"], ddof=1), abs=1e-3)
    assert len(set(found["log_likelihood"])) == 3
    capsys.readouterr()
    assert "another seed" in refused(capsys, "evaluate", first, "--samples", "2", "--replicates", first)
    assert "another seed" in refused(capsys, "evaluate", first, "--samples", "2", "--replicates", "vae-digits-2")
    grey = [str(tmp_path / f"grey-{seed}") for seed in range(2)]
    for seed, run in enumerate(grey):
        assert main(["train", "vae-digits-2", *SMALL, "--out", run, "--seed", str(seed)]) == 0
    assert main(["evaluate", grey[0], "--samples", "2", "--replicates", grey[1]]) == 2
    assert "no likelihood" in capsys.readouterr().err


def test_evaluate_looks_at_what_a_conditional_model_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path))
    assert main(["evaluate", "cvae-digits-2", "--samples", "5", "--device", "cpu"]) == 0
    found = figures(capsys.readouterr().out)
    assert found["accuracy_ceiling"] > 0.9
    assert found["accuracy"] > 0.7
    assert 0 < found["coverage"] <= 1
    assert found["density"] > 0
    assert "neighbour_accuracy" not in found, "the code of a conditional model is not asked for the class"
    monkeypatch.setattr("vaecore.evaluation.judges._train", lambda *_: pytest.fail("trained again"))
    assert main(["evaluate", "cvae-digits-2", "--samples", "5", "--device", "cpu"]) == 0
    assert figures(capsys.readouterr().out) == found


def test_it_is_a_program(tmp_path: Path) -> None:
    """As it is started from a shell: python -m vaecore, its exit codes and its streams."""
    root = str(Path(vaecore.__file__).parents[1])
    told = subprocess.run(
        [sys.executable, "-m", "vaecore", "fetch", "emnist"], cwd=root, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("vaecore: unknown data set 'emnist'")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ([1.0, 0.25], "1 0.25"),
        (list(range(101)), "101 values from 0 to 100, half of them above 50"),
        ({"levels": [0.0, 0.5], "masking": [1.0, 2.0]}, "levels 0 0.5; masking 1 2"),
    ],
)
def test_a_curve_is_printed_on_one_line(value: object, line: str) -> None:
    assert _short(value) == line


def test_export_writes_a_page_and_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, folder = tmp_path / "a page.html", tmp_path / "new" / "networks"
    assert main(["export", "vae-digits-2", "--html", str(page), "--out", str(folder)]) == 0
    told = capsys.readouterr().out
    assert page.read_text("utf-8") == take_away(vaecore.load("vae-digits-2", device="cpu"))
    assert f"{page}: {page.stat().st_size / 1e3:.0f} kB" in told
    assert sorted(path.name for path in folder.iterdir()) == ["networks.json", "weights.bin"]
    assert len(told.splitlines()) == 3


def test_export_writes_a_page_that_trains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "train.html"
    assert main(["export", "--train", "circles", "--html", str(page)]) == 0
    assert page.read_text("utf-8") == alone("circles")
    assert f"{page}: {page.stat().st_size / 1e3:.0f} kB" in capsys.readouterr().out


def test_export_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing" / "page.html"
    assert "no pretrained model and no run is called 'nobody'" in refused(
        capsys, "export", "nobody", "--html", "x.html"
    )
    assert "expected --html FILE or --out FOLDER" in refused(capsys, "export", "vae-digits-2")
    assert "expected a model's name, or --train SET" in refused(capsys, "export", "--html", "x.html")
    assert "expected --html FILE" in refused(capsys, "export", "vae-digits-2", "--train", "digits", "--out", "x")
    assert "got 'letters'" in refused(capsys, "export", "--train", "letters", "--html", str(tmp_path / "x.html"))
    assert "a folder that exists" in refused(capsys, "export", "vae-digits-2", "--html", str(missing))
    assert "got the folder" in refused(capsys, "export", "vae-digits-2", "--html", str(tmp_path))
    assert not missing.parent.exists()


def test_export_refuses_what_a_page_cannot_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = vaecore.load("vae-digits-2", device="cpu")
    odd.model.decoder.append(torch.nn.Softmax(-1))
    monkeypatch.setattr("vaecore.__main__.load", lambda *_: odd)
    for words in (["--html", str(tmp_path / "page.html")], ["--out", str(tmp_path / "folder")]):
        assert "vae-digits-2 cannot be exported" in refused(capsys, "export", "vae-digits-2", *words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["train", "vae-digits-2", "--set", "dataset=~nobody-of-that-name/x"],
        ["train", "vae-digits-2", "--set", "start=~nobody-of-that-name/x"],
        ["train", "vae-digits-2", "--out", "~nobody-of-that-name/x"],
        ["export", "vae-digits-2", "--html", "~nobody-of-that-name/x.html"],
        ["export", "vae-digits-2", "--out", "~nobody-of-that-name/x"],
    ],
)
def test_the_folder_of_nobody_is_one_sentence(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("vaecore: ~nobody-of-that-name/x")
    assert said.endswith("there is no user of that name here\n")


def test_the_command_prints_what_evaluate_returns(capsys: pytest.CaptureFixture[str]) -> None:
    measured = vaecore.evaluate("pca-digits", device="cpu")
    assert main(["evaluate", "pca-digits", "--device", "cpu"]) == 0
    printed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if not line.startswith("left out")]
    errors = {key for key in measured if key.removesuffix("_error") in measured.keys() - {key}}
    assert printed == [key for key in measured if key not in errors], "errors stand beside their figures"
    with pytest.raises(ValueError, match="samples: expected at least 1, got 0"):
        vaecore.evaluate("pca-digits", samples=0, device="cpu")
