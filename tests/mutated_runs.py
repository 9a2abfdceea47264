"""Run folders that anyone may bring: whole ones, and those with something changed by value, by bytes or by kind.

Everything is drawn from a seed. A mutation is of one file of a small run.
"""

import json
import os
import random
import resource
import shutil
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save, save_file

import vaecore
from vaecore import checkpoint
from vaecore.checkpoint import CARD, RECIPE, WEIGHTS
from vaecore.recipes import find
from vaecore.serving.kept import MAP

SMALL = {  # recipes, and what makes them so small that 500 are loaded in seconds
    "pca-digits": {"latent": 3},
    "vae-digits-2": {"hidden": (6,)},
    "cvae-digits-2": {"hidden": (6,), "store": "int8"},
    "one-class-digits": {"dataset": "digits", "latent": 2, "hidden": (6,), "density": 2},
    "stacked-digits": {"latent": 3, "hidden": (6,), "layer_epochs": 1, "classifier_epochs": 1},
    "ladder-digits": {"lower": (3,), "hidden": (6, 5)},
    "iaf-digits-2": {"hidden": (6,), "flow_hidden": (6,), "context": 3},
    "conv-vae-digits-2": {"hidden": (6,), "channels": (2, 2)},
    "couplets-collapsed": {
        "latent": 3, "vocabulary": 12, "embedding": 4, "channels": (4,), "writer": (4,), "store": "float32",
    },
}  # fmt: skip

HUGE = 10**9
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2.5, HUGE, -HUGE, 10**18, 10**30, 1e300, -1e300, 1e-300),
    *("", "a", "2", "\0", "\ud83d\ude00", "~nobody", "x" * 3000, "inf", "nan", "[label](http://a.b)"),
    *(
        [],
        [1],
        [0],
        [-1],
        [1, 10**6, 10**6],
        [-1, 8, 8],
        [1, 8],
        [1, 8, 8, 1],
        [10**6] * 100,
        [[]],
        ["a", "a"],
        ["a"] * 2000,
    ),
    *({}, {"a": 1}, {"": None}, {"levels": [0.5], "quantiles": [[1]]}),
]
RAW = [  # JSON that Python reads, or does not, and that `json.dumps` does not write
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "1" * 400, '"\\ud800"'),
    *("[" * 900 + "]" * 900, "[" * 10**5, "[" * 10**5 + "]" * 10**5, '{"a":' * 40 + "1" + "}" * 40),
]
SETTINGS = "latent hidden depth steps density lower kernel scale channels samples extra"
CARDS = (
    "codes codes.levels codes.quantiles metrics metrics.rates metrics.squared_error anomaly stages history evaluation "
    "data data.form parameters seconds stage seed classes shape"
)
KEYS = {RECIPE: [f"settings.{key}" for key in SETTINGS.split()], CARD: CARDS.split()}  # that a mutation may put there


def small_runs(folder: Path) -> list[Path]:
    """A small untrained run of each kind, with a map beside those of images, as the recipe would leave it."""
    torch.manual_seed(0)
    return [_small_run(folder / name, name, changes) for name, changes in SMALL.items()]


def _small_run(folder: Path, name: str, changes: dict[str, Any]) -> Path:
    text = name.startswith("couplets")
    recipe = find(name).changed(**changes)
    shape, classes = ((1, 5, 12), []) if text else ((1, 8, 8), list("0123456789"))
    model = checkpoint.build(recipe, shape, len(classes)).eval()
    parameters = sum(tensor.numel() for tensor in model.state_dict().values())
    levels = (0.005, 0.025, 0.5, 0.975, 0.995)
    card = {
        "name": name, "recipe": json.loads(recipe.to_json()), "shape": shape, "classes": classes,
        "data": {"name": recipe.dataset, "train": 9, "form": ""}, "parameters": parameters, "seed": 0, "seconds": 1.0,
        "command": f"vaecore train {name} --seed 0", "metrics": {"squared_error": 3.5},
        "codes": {"levels": levels, "quantiles": [[round(4 * level - 2, 2)] * model.latent for level in levels]},
        "anomaly": {"reconstruction": (1.0, 0.5)},
    }  # fmt: skip
    checkpoint.save(folder, recipe, model, card)
    if not text:
        points = torch.rand(20, 2)
        scores = {f"scores.{plane}.trustworthiness": torch.tensor(0.5) for plane in ("codes", "pca", "tsne")}
        codes = torch.rand(20, model.latent)
        index, labels = torch.arange(20, dtype=torch.int32), (torch.arange(20) % 10).to(torch.int16)
        save_file(
            {"codes": codes, "pca": points, "tsne": points.clone(), "index": index, "labels": labels, **scores},
            folder / MAP,
        )
    return folder


def mutated(runs: list[Path], folder: Path, count: int, seed: int = 0) -> Iterator[tuple[str, Path]]:
    """`count` run folders below `folder`, each with the name of what was done to it; one lives at a time."""
    draw = random.Random(seed)
    for number in range(count):
        run = draw.choice(runs)
        place = folder / str(number)
        shutil.copytree(run, place)
        kind = draw.choice(sorted(MUTATIONS))
        said = MUTATIONS[kind](place, draw)
        yield f"{number}: {run.name}: {kind}: {said}", place
        shutil.rmtree(place, ignore_errors=True)


def _paths(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401
    """The way to everything in JSON."""
    if before:
        yield before
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from _paths(part, (*before, key))


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> None:  # noqa: ANN401
    for key in path[:-1]:
        value = value[key]
        if not isinstance(value, dict | list):
            return
    if isinstance(value, dict) or (isinstance(path[-1], int) and path[-1] < len(value)):
        value[path[-1]] = new


def _json_file(draw: random.Random) -> str:
    return draw.choice([RECIPE, CARD])


def another_value(run: Path, draw: random.Random) -> str:
    """One value of the recipe or the card is another."""
    file = _json_file(draw)
    value = json.loads((run / file).read_text())
    path, new = draw.choice(list(_paths(value))), draw.choice(VALUES)
    _put(value, path, new)
    (run / file).write_text(json.dumps(value))
    return f"{file} {'.'.join(map(str, path))} = {str(new)[:40]}"


def another_key(run: Path, draw: random.Random) -> str:
    """A value is put where a model or a page would look for one."""
    file = _json_file(draw)
    value = json.loads((run / file).read_text())
    path, new = tuple(draw.choice(KEYS[file]).split(".")), draw.choice(VALUES)
    _put(value, path, new)
    (run / file).write_text(json.dumps(value))
    return f"{file} {'.'.join(path)} = {str(new)[:40]}"


def larger_recipe(run: Path, draw: random.Random) -> str:
    """A recipe that asks for more than the weights hold, by any factor."""
    value = json.loads((run / RECIPE).read_text())
    paths = [path for path in _paths(value["settings"]) if _at(value["settings"], path).__class__ is int]
    path, factor = draw.choice(paths), 10 ** draw.randint(1, 9)
    _put(value["settings"], path, _at(value["settings"], path) * factor)
    (run / RECIPE).write_text(json.dumps(value))
    return f"{path} * {factor}"


def _at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    for key in path:
        value = value[key]
    return value


def longer_recipe(run: Path, draw: random.Random) -> str:
    """A recipe of very many layers."""
    value = json.loads((run / RECIPE).read_text())
    key = draw.choice([key for key, old in value["settings"].items() if isinstance(old, list)])
    value["settings"][key] = [draw.choice([1, 6, 10**6])] * 10 ** draw.randint(1, 5)
    (run / RECIPE).write_text(json.dumps(value))
    return f"{key} of {len(value['settings'][key])}"


def missing_key(run: Path, draw: random.Random) -> str:
    """Something of the recipe or the card is gone."""
    file = _json_file(draw)
    value = json.loads((run / file).read_text())
    path = draw.choice(list(_paths(value)))
    del _at(value, path[:-1])[path[-1]]
    (run / file).write_text(json.dumps(value))
    return f"{file} without {path}"


def raw_json(run: Path, draw: random.Random) -> str:
    """One value is written as no `json.dumps` would."""
    file, raw = _json_file(draw), draw.choice(RAW)
    value = json.loads((run / file).read_text())
    path = draw.choice(list(_paths(value)))
    _put(value, path, "HERE")
    (run / file).write_text(json.dumps(value).replace('"HERE"', raw))
    return f"{file} {path} = {raw[:20]}"


def _any_file(run: Path, draw: random.Random) -> Path:
    return draw.choice(sorted(file for file in run.iterdir()))


def other_bytes(run: Path, draw: random.Random) -> str:
    """Some bytes of a file are others."""
    file = _any_file(run, draw)
    data = bytearray(file.read_bytes())
    for _ in range(draw.choice([1, 1, 2, 20])):
        data[draw.randrange(len(data))] = draw.randrange(256)
    file.write_bytes(data)
    return file.name


def other_length(run: Path, draw: random.Random) -> str:
    """A file is cut, or goes on."""
    file = _any_file(run, draw)
    data, at = file.read_bytes(), draw.random()
    file.write_bytes(data[: int(at * len(data))] if draw.random() < 0.7 else data + draw.randbytes(int(1000 * at)))
    return file.name


def other_kind(run: Path, draw: random.Random) -> str:
    """Something else has a file's name: a pipe, a device, a link to one, a folder, nothing, gigabytes of nothing."""
    file = _any_file(run, draw)
    file.unlink()
    kind = draw.choice(["pipe", "device", "endless", "link to a pipe", "folder", "nothing", "gigabytes", "loop"])
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "device":
            file.symlink_to("/dev/null")
        case "endless":
            file.symlink_to("/dev/zero")
        case "link to a pipe":
            os.mkfifo(run / "pipe")
            file.symlink_to(run / "pipe")
        case "folder":
            file.mkdir()
        case "gigabytes":
            with file.open("wb") as empty:
                empty.truncate(2**36)
        case "loop":
            file.symlink_to(file)
    return f"{file.name} is a {kind}"


def _tensors(run: Path, draw: random.Random) -> Path:
    return draw.choice([file for file in (run / WEIGHTS, run / MAP) if file.exists()])


def other_numbers(run: Path, draw: random.Random) -> str:
    """Numbers of the weights or of the map are NaN, infinite, huge, negative, all the same."""
    file = _tensors(run, draw)
    tensors = load_file(file)
    name = draw.choice(sorted(tensors))
    value = draw.choice([float("nan"), float("inf"), -float("inf"), 1e38, -1e38, 1e12, -1.0, 0.0, 1e-40, 255.0])
    flat = tensors[name].flatten()
    if flat.is_floating_point():
        flat[draw.randrange(len(flat)) :] = value
    else:
        flat[draw.randrange(len(flat))] = draw.choice([-1, 0, 127])
    tensors[name] = flat.view(tensors[name].shape)
    save_file(tensors, file)
    return f"{file.name} {name} = {value}"


def other_types(run: Path, draw: random.Random) -> str:
    """A tensor of the weights or of the map is of another type or shape, is gone, or there is one more."""
    file = _tensors(run, draw)
    tensors = load_file(file)
    name = draw.choice(sorted(tensors))
    changes: dict[str, Callable[[torch.Tensor], torch.Tensor | None]] = {
        "bool": lambda t: t.bool(),
        "complex": lambda t: t.to(torch.complex64),
        "int8": lambda t: t.to(torch.int8),
        "int64": lambda t: t.long(),
        "float64": lambda t: t.double(),
        "float8": lambda t: t.float().to(torch.float8_e4m3fn),
        "flat": lambda t: t.flatten(),
        "empty": lambda t: t.flatten()[:0],
        "one more axis": lambda t: t[None],
        "longer": lambda t: torch.cat([t.flatten(), t.flatten()]),
        "gone": lambda t: None,
    }
    change = draw.choice(sorted(changes))
    new = changes[change](tensors[name])
    tensors[name] = tensors[name] if new is None else new.contiguous()
    if new is None:
        del tensors[name]
    if draw.random() < 0.2:
        tensors[f"{name}.step"] = torch.ones(draw.randint(0, 7))
    save_file(tensors, file)
    return f"{file.name} {name}: {change}"


def other_header(run: Path, draw: random.Random) -> str:
    """The header of a file of tensors promises what the file does not hold, or is none."""
    file = _tensors(run, draw)
    data = file.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    name = draw.choice(sorted(header))
    kind = draw.choice(["shape", "dtype", "offsets", "nested", "length", "long"])
    if kind == "shape" and name != "__metadata__":
        header[name]["shape"] = draw.choice([[10**9, 10**9], [-1], [2**63], [1.5], "8", {}, [[]], None])
    elif kind == "dtype" and name != "__metadata__":
        header[name]["dtype"] = draw.choice(["F128", "", 3, None, [], "C64", "F8_E4M3", "I64"])
    elif kind == "offsets" and name != "__metadata__":
        header[name]["data_offsets"] = draw.choice([[0, 2**62], [-1, 4], [4, 0], "", [0]])
    text = json.dumps(header).encode()
    if kind == "nested":
        text = b"[" * 10**5
    if kind == "long":
        text += b" " * (8 * 2**20)
    size = draw.choice([2**62, 2**32, len(data) * 2]) if kind == "length" else len(text)
    file.write_bytes(struct.pack("<Q", size) + text + data[8 + len(json.dumps(header)) :])
    return f"{file.name} {name}: {kind}"


def strange_map(run: Path, draw: random.Random) -> str:
    """A map of other sizes, of rows and classes that there are not, without scores, or of another kind altogether."""
    kind = draw.choice(["rows", "classes", "no scores", "odd scores", "codes", "count", "weights", "one"])
    if not (run / MAP).exists() or kind == "weights":
        shutil.copyfile(run / WEIGHTS, run / MAP)
        return "the weights"
    tensors = load_file(run / MAP)
    if kind == "rows":
        tensors["index"] = tensors["index"] + draw.choice([-1, 10**6, 2**30])
    elif kind == "classes":
        tensors["labels"] = tensors["labels"] + draw.choice([-1, 5, 10**4])
    elif kind == "no scores":
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("scores")}
    elif kind == "odd scores":
        tensors[draw.choice(["scores.", "scores.a", "scores.a.b", "scores.codes.neighbours", "scores.a.b.c"])] = (
            torch.ones(1)
        )
    elif kind == "codes":
        tensors["codes"] = torch.rand(20, draw.choice([1, 2, 3, 65, 0]))
    elif kind == "count":
        tensors["index"] = torch.arange(draw.choice([0, 1, 19, 21]), dtype=torch.int32)
    else:
        tensors = {name: tensor[:1] if tensor.ndim else tensor for name, tensor in tensors.items()}
    (run / MAP).write_bytes(save(tensors))
    return kind


MUTATIONS: dict[str, Callable[[Path, random.Random], str]] = {
    each.__name__: each
    for each in (
        another_value, another_key, larger_recipe, longer_recipe, missing_key, raw_json, other_bytes, other_length,
        other_kind, other_numbers, other_types, other_header, strange_map,
    )
}  # fmt: skip


def use(folder: Path) -> str:
    """Load a run and use it a little; returns what came of it, and raises what is no `ValueError`."""
    try:
        explorer = vaecore.load(folder, device="cpu")
        repr(explorer)
        codes = np.zeros((2, explorer.latent), np.float32)
        labels = np.zeros(2, np.int64) if "condition" in explorer.abilities else None
        found: list[Any] = [explorer.decode(codes, labels)]
        if "sample" in explorer.abilities:
            found.append(explorer.sample(2, labels, seed=0))
        if "text" in explorer.abilities:
            return "loaded" if all(isinstance(text, str) for texts in found for text in texts) else "no texts"
        laid = vaecore.serving.maps.latent_map(explorer) if (folder / MAP).exists() else None
        grey = np.full((2, *explorer.shape), 0.5, np.float32)
        numbers = [*found, explorer.encode(grey, labels), explorer.quantiles([0.1, 0.9])]
        numbers += [] if laid is None else [each for each in (laid.codes, laid.pca, laid.tsne) if each is not None]
        return "loaded" if all(np.isfinite(each).all() for each in numbers) else "not finite"
    except ValueError as error:
        said = str(error)
        return "refused" if said and "\n" not in said and len(said) < 3000 else f"no sentence: {said[:200]!r}"


SECONDS = 5  # for one folder
GIB = 2**30


def main() -> None:
    """Use so many mutated runs in a folder, with two gigabytes more than there are; a line of JSON for each."""
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    runs = small_runs(folder / "whole")
    for run in runs:
        print(json.dumps([f"{run.name}: as it was", use(run), 0.0]), flush=True)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2 * GIB,) * 2)
    signal.signal(signal.SIGALRM, _too_long)
    for said, place in mutated(runs, folder, count, seed):
        signal.alarm(SECONDS)
        begun = time.monotonic()
        try:
            outcome = use(place)
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"[:300]
        signal.alarm(0)
        print(json.dumps([said, outcome, time.monotonic() - begun]), flush=True)
    print(json.dumps(["memory", "", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]), flush=True)


def _too_long(*_: object) -> None:
    raise TimeoutError(f"longer than {SECONDS} s")


if __name__ == "__main__":
    main()
