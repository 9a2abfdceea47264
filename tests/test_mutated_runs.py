"""Whatever a run folder holds: it is loaded and works, or is refused in one sentence, soon and with little memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mutated_runs
import pytest
import torch
from safetensors.torch import load_file, save_file

import vaecore
from vaecore import checkpoint
from vaecore.__main__ import main
from vaecore.checkpoint import CARD, RECIPE, STATE, WEIGHTS, CheckpointError
from vaecore.recipes import find
from vaecore.serving.kept import MAP

COUNT = 500
GIB = 2**30

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, devices and limits of memory as Linux has them")


def test_500_mutated_runs_are_loaded_or_refused(tmp_path: Path) -> None:
    command = [sys.executable, mutated_runs.__file__, str(tmp_path), str(COUNT), "0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    *rows, (_, _, memory) = [json.loads(line) for line in ended.stdout.splitlines()]
    whole, others = rows[: len(mutated_runs.SMALL)], rows[len(mutated_runs.SMALL) :]
    assert {outcome for _, outcome, _ in whole} == {"loaded"}
    assert len(others) == COUNT
    assert [row for row in others if row[1] not in ("loaded", "refused")] == []
    outcomes = [outcome for _, outcome, _ in others]
    assert min(outcomes.count("loaded"), outcomes.count("refused")) > COUNT / 10, "both happen"
    assert memory < 2 * GIB


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A whole small run."""
    return mutated_runs._small_run(tmp_path / "run", "vae-digits-2", {"hidden": (6,)})


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "expected a regular file, got a pipe"),
    "a device": (lambda path: path.symlink_to("/dev/null"), "expected a regular file, got a device"),
    "an endless device": (lambda path: path.symlink_to("/dev/zero"), "expected a regular file, got a device"),
    "a link to a pipe": (
        lambda path: (os.mkfifo(path.parent / "pipe"), path.symlink_to("pipe")),
        "expected a regular file, got a pipe",
    ),
    "a folder": (Path.mkdir, "expected a regular file, got a folder"),
    "a link to itself": (lambda path: path.symlink_to(path), "no such file|cannot be read|no pretrained model"),
    "gigabytes": (
        lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 2**36),
        r"expected at most .* bytes",
    ),
}


@pytest.mark.parametrize("file", [RECIPE, CARD, WEIGHTS, MAP])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_refused_at_once(kind: str, file: str, run: Path) -> None:
    damage, said = KINDS[kind]
    (run / file).unlink()
    damage(run / file)
    begun = time.monotonic()
    if kind == "a link to itself" and file == MAP:
        return  # as if there were none
    with pytest.raises(ValueError, match=said) as caught:
        vaecore.serving.maps.latent_map(vaecore.load(run, device="cpu"))
    assert time.monotonic() - begun < 1
    assert str(run) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (CARD, "[" * 100_000, "nested deeper"),
        (CARD, '{"shape":' * 40 + "1" + "}" * 40, "nested deeper than 16"),
        (CARD, '{"seed": ' + "9" * 5000 + "}", "not JSON"),
        (CARD, '{"seed": ' + "9" * 30 + "}", "64 bits"),
        (CARD, '{"seed": NaN}', "finite numbers"),
        (CARD, '{"seconds": 1e999}', "finite numbers"),
        (CARD, r'{"name": "\ud800"}', "Unicode"),
        (CARD, " " * 2**23, "at most 4,194,304 bytes"),
        (RECIPE, "[" * 100_000, "nested deeper"),
        (RECIPE, '{"model": "vae", "format": 1, "settings": {"beta": 1e999}}', "finite numbers"),
        (RECIPE, " " * 2**23, "at most 4,194,304 bytes"),
    ],
)
def test_json_is_of_plain_finite_values(file: str, text: str, said: str, run: Path) -> None:
    (run / file).write_text(text)
    begun = time.monotonic()
    with pytest.raises(CheckpointError, match=said) as caught:
        checkpoint.load(run)
    assert time.monotonic() - begun < 1
    assert str(caught.value).startswith(str(run / file))
    assert len(str(caught.value)) < 500


def test_json_in_a_setting_of_bytes(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_MAX_JSON_BYTES", "100")
    with pytest.raises(ValueError, match=r"expected at most 100 bytes, got .*VAECORE_MAX_JSON_BYTES"):
        checkpoint.load(run)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("vae-digits-2", {"latent": 10**6}),
        ("vae-digits-2", {"latent": 10**9}),
        ("vae-digits-2", {"hidden": [10**6] * 60}),
        ("vae-digits-2", {"hidden": [10**6] * 10**4}),
        ("one-class-digits", {"density": 1000, "latent": 60_000}),
        ("ladder-digits", {"depth": 10**6}),
        ("ladder-digits", {"depth": 64, "hidden": [10**6, 10**6]}),
        ("iaf-digits-2", {"steps": 10**6}),
        ("iaf-digits-2", {"flow_hidden": [10**6] * 60}),
        ("conv-vae-digits-2", {"channels": [1] * 40}),
        ("couplets-collapsed", {"kernel": 10**9}),
        ("couplets-collapsed", {"embedding": 10**7, "writer": [10**6] * 60}),
    ],
)
def test_a_recipe_of_more_than_the_weights_is_refused_by_their_shapes(
    name: str, changes: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = mutated_runs._small_run(tmp_path / "run", name, mutated_runs.SMALL[name])
    recipe = json.loads((run / RECIPE).read_text())
    edit(run / RECIPE, settings=recipe["settings"] | changes)
    monkeypatch.setattr(checkpoint, "_put", lambda *_: pytest.fail("built"))
    begun = time.monotonic()
    with pytest.raises(CheckpointError, match=rf"not the weights of '{name}'|settings: \w+") as caught:
        checkpoint.load(run)
    assert time.monotonic() - begun < 1
    assert str(run) in str(caught.value)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("shape", [1, 10**6, 10**6]), ("shape", [-1, 8, 8]), ("shape", [1.0, 8, 8]), ("shape", [True, 8, 8]),
        ("classes", [1, 2]), ("classes", ["a", "a"]), ("classes", [str(i) for i in range(20_000)]), ("classes", "abc"),
        ("parameters", "many"), ("parameters", -1), ("seconds", None), ("metrics", [1]),
        ("metrics", {"squared_error": "3"}), ("metrics", {"squared_error": True}), ("metrics", {"rates": [1.0]}),
        ("codes", {"levels": [0.5], "quantiles": [[0.0, 0.0]]}),
        ("codes", {"levels": [0.9, 0.1], "quantiles": [[0.0, 0.0], [1.0, 1.0]]}),
        ("codes", {"levels": [0.1, 0.9], "quantiles": [[0.0, 0.0], [1.0]]}),
        ("codes", {"levels": [0.1, 0.9], "quantiles": [[0.0], [1.0]]}),
        ("anomaly", {"reconstruction": [1.0]}), ("anomaly", {"reconstruction": [1.0, 0.0]}),
        ("data", {"form": "{0.__class__}"}), ("data", {"form": "{:999999999}"}), ("evaluation", {"images": 3}),
        ("stages", [{"stage": "layer-1"}]), ("history", ["a"]),
    ],
)  # fmt: skip
def test_a_card_of_the_wrong_types_is_refused_by_the_name_of_the_part(part: str, value: object, run: Path) -> None:
    edit(run / CARD, **{part: value})
    with pytest.raises(CheckpointError, match=part if part != "shape" else "shape|not the weights") as caught:
        checkpoint.load(run)
    assert str(caught.value).startswith(str(run))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_a_card_may_lack_what_pages_show(run: Path) -> None:
    (run / CARD).write_text(json.dumps({"shape": [1, 8, 8], "classes": list("0123456789")}))
    explorer = vaecore.load(run, device="cpu")
    assert explorer.card["parameters"] == sum(t.numel() for t in explorer.model.state_dict().values())
    assert explorer.card["metrics"] == {}
    assert explorer.card["recipe"] == json.loads((run / RECIPE).read_text())
    assert explorer.quantiles([0.5]).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30])
@pytest.mark.parametrize("store", ["float32", "int8"])
def test_weights_are_finite(value: float, store: str, tmp_path: Path) -> None:
    run = mutated_runs._small_run(tmp_path / "run", "vae-digits-2", {"hidden": (6,), "store": store})
    tensors = load_file(run / WEIGHTS)
    name = "encoder.0.weight" + (".step" if store == "int8" else "")
    tensors[name].view(-1)[1] = value
    save_file(tensors, run / WEIGHTS)
    with pytest.raises(CheckpointError, match=f"expected finite numbers .* in '{name}'") as caught:
        checkpoint.load(run)
    assert str(caught.value).startswith(str(run / WEIGHTS))


@pytest.mark.parametrize(
    "kind", [torch.bool, torch.complex64, torch.int8, torch.int64, torch.float8_e4m3fn, torch.uint8]
)
def test_weights_are_of_floating_numbers(kind: torch.dtype, run: Path) -> None:
    tensors = load_file(run / WEIGHTS)
    tensors["encoder.0.weight"] = tensors["encoder.0.weight"].to(kind)
    save_file(tensors, run / WEIGHTS)
    with pytest.raises(CheckpointError, match=r"not the weights of|expected numbers of"):
        checkpoint.load(run)


def test_to_load_is_to_draw_no_numbers_at_random(run: Path) -> None:
    before = torch.get_rng_state()
    checkpoint.load(run)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "name", ["~nobody", "~nobody/runs", "a\0b", "x" * 5000, "x/" * 3000, "", ".", "/", "/proc/1/fd"]
)
def test_a_name_that_cannot_be_is_the_name_of_no_run(name: str) -> None:
    with pytest.raises(ValueError, match=r"^no pretrained model and no run is called") as caught:
        vaecore.load(name)
    assert len(str(caught.value).partition(" At hand")[0]) < 200


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pretrained folder in which one model of two is broken."""
    mutated_runs._small_run(tmp_path / "whole", "vae-digits-2", {"hidden": (6,)})
    place = mutated_runs._small_run(tmp_path / "broken", "vae-digits-2", {"hidden": (6,)})
    monkeypatch.setattr(checkpoint, "SOURCES", (tmp_path,))
    return place


@pytest.mark.parametrize("file", [RECIPE, CARD])
def test_a_broken_pretrained_model_is_named_by_the_list_alone(
    file: str, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vaecore.names() == ["broken", "whole"]
    kept = (broken / file).read_bytes()
    (broken / file).write_text("{")
    assert vaecore.names() == ["whole"]
    assert vaecore.serving.texts.text_names() == []
    assert main(["list"]) == 0
    assert f"broken               cannot be read: {broken / file}: " in capsys.readouterr().out
    with pytest.raises(ValueError, match=str(broken / file)):
        vaecore.load("broken", device="cpu")
    (broken / file).write_bytes(kept)
    assert vaecore.names() == ["broken", "whole"], "mended"


STATES: dict[str, Callable[[dict[str, torch.Tensor]], object]] = {
    "NaN weights": lambda tensors: tensors["model.encoder.0.weight"].fill_(torch.nan),
    "infinite clock": lambda tensors: tensors["clock"].fill_(torch.inf),
    "no whole epoch": lambda tensors: tensors["clock"].copy_(torch.tensor([1.5, 0, 0])),
    "negative epoch": lambda tensors: tensors["clock"].copy_(torch.tensor([-1, 0, 0])),
    "clock of two rows": lambda tensors: tensors.update(clock=torch.zeros(3, 2)),
    "moments of another shape": lambda tensors: tensors.update({"optimizer.0.0.exp_avg": torch.zeros(3)}),
    "moments of no parameter": lambda tensors: tensors.update({"optimizer.0.99.exp_avg": torch.zeros(3)}),
    "no step": lambda tensors: tensors.pop("optimizer.0.0.step"),
    "no moments": lambda tensors: [tensors.pop(name) for name in list(tensors) if name.startswith("optimizer")],
}


@pytest.mark.parametrize("case", STATES)
def test_a_state_that_is_not_of_this_run_is_refused(case: str, tmp_path: Path) -> None:
    recipe = find("vae-digits-2").changed(hidden=(6,))
    model = checkpoint.build(recipe, (1, 8, 8), 10)
    optimizer = torch.optim.AdamW(model.parameters())
    torch.stack(list(model(torch.rand(4, 1, 8, 8)).values())).sum().backward()
    optimizer.step()
    checkpoint.save_state(tmp_path, model, [optimizer], 1, 0.0, 0)
    checkpoint.load_moments([optimizer], checkpoint.load_state(tmp_path, model, 0))
    tensors = load_file(tmp_path / STATE)
    STATES[case](tensors)
    save_file(tensors, tmp_path / STATE)
    with pytest.raises(CheckpointError, match=STATE):
        checkpoint.load_moments([optimizer], checkpoint.load_state(tmp_path, model, 0))
