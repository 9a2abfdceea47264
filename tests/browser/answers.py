"""Numbers to hold the page's JavaScript against, by torch, numpy and scipy: `python tests/browser/answers.py` writes.

They lie beside the tests, so that `node --test` needs no Python; `tests/test_browser_answers.py` keeps them fresh.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from scipy.interpolate import CubicHermiteSpline
from sklearn.decomposition import PCA
from torch import Tensor, nn
from torch.nn import functional

from vaecore.export import Exported, _network, export
from vaecore.export.packing import pack
from vaecore.export.steps import Blob
from vaecore.models import MODELS
from vaecore.serving.loading import load
from vaecore.serving.studies.drawings import drawing
from vaecore.serving.studies.paths import Surroundings, company
from vaecore.serving.takeaway import _in_16_bits

PLACE = Path(__file__).with_name("answers.json")
SHAPE, CLASSES, ROWS = (3, 7, 6), 4, 2
VARIANTS: dict[str, dict[str, Any]] = {
    "vae": {"hidden": (9, 7), "activation": "leaky"},
    "conv-vae": {"hidden": (9,), "channels": (4, 5), "conditional": True},
    "iaf": {"hidden": (9,), "flow_hidden": (6,), "context": 3, "steps": 2, "conditional": True},
}
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "exp": torch.exp,
    "gelu": functional.gelu,
    "leaky_relu": lambda x: functional.leaky_relu(x, 0.2),
    "log": lambda x: torch.log(torch.exp(x)),
    "log_sigmoid": functional.logsigmoid,
    "neg": torch.neg,
    "pow": lambda x: torch.pow(x, 3),
    "reciprocal": torch.reciprocal,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "sqrt": lambda x: torch.sqrt(x * x + 1),
    "tanh": torch.tanh,
    "sub and div": lambda x: (x - 2) / (x * x + 3),
    "cat and slice": lambda x: torch.cat([x[:, 7:], x[:, :2]], 1),
    "pad": lambda x: functional.pad(x.reshape(1, 2, 3, 2), (1, 2, 0, 1), value=0.5).flatten(1),
}
STROKES = [[[0.2, 0.1], [0.3, 0.5], [0.25, 0.9]], [[0.5, 0.5]], [[0.6, 0.2], [0.8, 0.25], [0.7, 0.6], [0.75, 0.8]]]
SHAPES = ((1, 28, 28), (1, 8, 8), (2, 9, 12), (1, 20, 20), (1, 32, 32))


class Of(nn.Module):
    """A function as a module that can be exported."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"mean": self.function(x)}


@torch.no_grad()
def answers() -> dict[str, Any]:
    """All of them, by what they are about."""
    draws = np.random.default_rng(0)
    return {
        "networks": {name: network(name) for name in VARIANTS},
        "functions": {name: values(function) for name, function in FUNCTIONS.items()},
        "weights": weights(draws),
        "codes": codes(draws),
        "drawings": [drawn(strokes, shape) for shape in SHAPES for strokes in (STROKES, STROKES[:1], STROKES[1:2])],
        "plane": plane(draws),
        "lasso": lasso(draws),
        "lattice": lattice(draws),
        "elbo": elbo(draws),
        "paths": paths(draws),
        "quantiles": quantiles(draws),
        "neighbours": neighbours(draws),
        "components": components(draws),
    }


def floats(numbers: Tensor | ndarray | bytes) -> str:
    """Numbers, or the bytes of some, as text: little-endian float32 in base64."""
    data = numbers if isinstance(numbers, bytes) else np.asarray(numbers, "<f4").tobytes()
    return base64.b64encode(data).decode()


def network(variant: str) -> dict[str, Any]:
    """A small model, exported, and what torch makes of a few rows."""
    torch.manual_seed(0)
    kind = MODELS[variant]
    model = kind(kind.Settings(latent=3, **VARIANTS[variant]), SHAPE, CLASSES).eval()
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) + 0.5 if "running_var" in name else 0.4 * torch.randn_like(value))
    x, z = torch.rand(ROWS, *SHAPE), torch.randn(ROWS, 3)
    label = 1 + torch.arange(ROWS) if model.classes else None
    posterior, likelihood = model.posterior(x, label), model.likelihood(z, label)
    exported = export(model)
    told = [[] if label is None else [int(label[row])] for row in range(ROWS)]
    encoded = {"mean": posterior.mean, "scale": getattr(posterior, "scale", None)}
    return {
        "described": exported.networks,
        "weights": floats(exported.weights),
        "rows": [
            {
                "label": told[row],
                "decoder": {"input": floats(z[row]), "mean": floats(likelihood.mean[row])},
                "encoder": {"input": floats(x[row])}
                | {name: floats(value[row]) for name, value in encoded.items() if value is not None},
            }
            for row in range(ROWS)
        ],
    }


def values(function: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """A function of twelve numbers, exported, and its values by torch."""
    x, blob, module = torch.linspace(-3, 3.3, 12)[None], Blob(), Of(function)
    described = _network(module, (x,), blob)
    return {"described": described, "weights": floats(blob.bytes()), "x": floats(x), "y": floats(module(x)["mean"])}


def weights(draws: np.random.Generator) -> dict[str, Any]:
    """Weights of every kind that a page to take away has, packed."""
    steps, whole = np.array([[0.1], [0.2], [0.3], [0.4]]), draws.integers(-127, 128, (4, 5))
    whole[0], whole[:, 0] = 127, 127  # the largest of each row and column
    matrices = {
        "rows": whole * steps,
        "columns": whole * np.array([0.1, 2, 30, 1, 7]),
        "half": draws.normal(size=(4, 5)).astype("<f2"),
        "float": draws.normal(size=(4, 5)),
    }
    return {kind: packed(torch.tensor(matrix, dtype=torch.float32)) for kind, matrix in matrices.items()}


def packed(matrix: Tensor) -> dict[str, Any]:
    """A matrix as the weights of a linear layer, packed."""
    blob, layer = Blob(), nn.Linear(*matrix.T.shape)
    layer.weight.data.copy_(matrix)
    exported = Exported({"decoder": _network(Of(layer), (torch.zeros(1, matrix.shape[1]),), blob)}, blob.bytes())
    found = pack(exported)
    data = base64.b64encode(found.data).decode()
    return {"floats": found.floats, "layout": found.layout, "data": data, "weights": floats(exported.weights)}


def codes(draws: np.random.Generator) -> dict[str, Any]:
    """Codes in 16 bits each, and as they were."""
    real = draws.normal(size=(6, 3)).astype(np.float32)
    low, high, whole = _in_16_bits(real)
    data = base64.b64encode(whole.tobytes()).decode()
    return {"low": low, "high": high, "count": len(real), "data": data, "codes": floats(real)}


def drawn(strokes: list[list[list[float]]], shape: tuple[int, int, int]) -> dict[str, Any]:
    """Strokes as an image."""
    return {"strokes": strokes, "shape": shape, "image": floats(drawing([np.array(each) for each in strokes], shape))}


def plane(draws: np.random.Generator) -> dict[str, Any]:
    """Points with outliers: what 99 percent of them span, the medians of their classes, those nearest to places."""
    points = draws.standard_t(2, (301, 2)).astype(np.float32)
    labels, places = draws.integers(0, 3, len(points)), draws.normal(size=(5, 2))
    ends = [np.quantile(points, share, axis=0, method=way) for share, way in ((0.005, "lower"), (0.995, "higher"))]
    apart = np.linalg.norm(points - places[:, None], axis=2)
    return {
        "points": floats(points),
        "labels": labels.tolist(),
        "low": ends[0].tolist(),
        "high": ends[1].tolist(),
        "medians": [np.quantile(points[labels == label], 0.5, axis=0, method="higher").tolist() for label in range(3)],
        "places": places.tolist(),
        "nearest": apart.argmin(1).tolist(),
        "distances": apart.min(1).tolist(),
    }


def lasso(draws: np.random.Generator) -> dict[str, Any]:
    """An outline that turns back on itself, and the places around which it winds an odd number of times."""
    corners, places = draws.uniform(0, 100, (9, 2)), draws.uniform(0, 100, (60, 2))
    ways = corners[None] - places[:, None]
    angles = np.arctan2(ways[..., 1], ways[..., 0])
    turns = (np.diff(angles, axis=1, append=angles[:, :1]) + np.pi) % (2 * np.pi) - np.pi
    inside = np.rint(turns.sum(1) / (2 * np.pi)).astype(int) % 2 == 1
    return {"corners": corners.tolist(), "places": places.tolist(), "inside": inside.tolist()}


def lattice(draws: np.random.Generator) -> dict[str, Any]:
    """A function on a lattice, and between its points by cubics whose slopes are Catmull and Rom's."""
    side, origin, step = 7, (-1.0, 2.0), 0.5
    known = draws.normal(size=(side, side)).astype(np.float32)
    across, up = (begin + step * np.arange(side) for begin in origin)
    places = np.stack([draws.uniform(axis[1], axis[-2], 12) for axis in (across, up)], 1)

    def between(axis: ndarray, line: ndarray, at: float) -> ndarray:
        return CubicHermiteSpline(axis[1:-1], line[1:-1], (line[2:] - line[:-2]) / (2 * step))(at)

    found = [float(between(up, between(across, known.T, x), y)) for x, y in places]
    return {
        "origin": origin,
        "step": step,
        "side": side,
        "values": floats(known),
        "places": places.tolist(),
        "found": found,
        "outside": [[-0.9, 3], [0, 2.2], [1.9, 3], [9, 9]],
    }


def elbo(draws: np.random.Generator) -> dict[str, Any]:
    """An ellipse over a Gaussian log p(x, z) = -25 - z'z, whose elbo is known: -25 - E z'z + H(q)."""
    q = np.array([0.3, -0.4, np.log(0.5), np.log(1.2)])
    mean, scale, units = q[:2], np.exp(q[2:]), draws.normal(size=(6, 2))
    bound = -25 - (mean**2 + scale**2).sum() + np.log(2 * np.pi * np.e * scale.prod())
    drawn = mean + scale * units
    ratios = np.exp(-(drawn**2).sum(1) + (units**2).sum(1) / 2)
    return {
        "q": q.tolist(),
        "units": units.tolist(),
        "elbo": float(bound),
        "codes": drawn.tolist(),
        "weights": (ratios / ratios.sum()).tolist(),
    }


def paths(draws: np.random.Generator) -> dict[str, Any]:
    """Paths of a model of two numbers, and the real codes around one of them."""
    explorer, steps = load("vae-digits-2", "cpu"), 7
    a, b = np.array([1.2, -0.4], np.float32), np.array([-0.5, 0.9], np.float32)
    real = draws.normal(size=(80, 2)).astype(np.float32)
    around = Surroundings(real, 0.6, 2.5)
    line = explorer.interpolate(a, b, steps, "spherical")
    met = company(line, around)
    return {
        "ends": [a.tolist(), b.tolist()],
        "lines": {kind: explorer.interpolate(a, b, steps, kind).tolist() for kind in ("linear", "spherical")},
        "points": floats(real),
        "around": {"radius": around.radius, "usual": around.usual},
        "company": {
            "nearest": met.nearest.tolist(),
            "distances": met.distances.tolist(),
            "neighbours": met.neighbours.tolist(),
            "density": met.density.tolist(),
        },
    }


def components(draws: np.random.Generator) -> dict[str, Any]:
    """Rows of full rank, rows that are fewer than their numbers, and PCA of both by singular values."""
    shapes = {"many": (40, 9), "few": (6, 16)}
    return {
        name: principal(draws.normal(size=shape) ** 2 * np.arange(1, shape[1] + 1), draws.normal(size=(5, shape[1])))
        for name, shape in shapes.items()
    }


def principal(rows: ndarray, others: ndarray) -> dict[str, Any]:
    """PCA by scikit-learn, and what it leaves of other rows."""
    most = min(rows.shape[1], len(rows) - 1)
    fitted = PCA(most, svd_solver="full").fit(rows)
    errors = []
    for k in range(1, most + 1):
        few = PCA(k, svd_solver="full").fit(rows)
        errors.append(float(np.square(others - few.inverse_transform(few.transform(others))).sum(1).mean()))
    return {
        "rows": rows.ravel().tolist(),
        "others": others.ravel().tolist(),
        "mean": fitted.mean_.tolist(),
        "components": fitted.components_.tolist(),
        "errors": errors,
    }


def quantiles(draws: np.random.Generator) -> dict[str, Any]:
    """Codes at whole percents, and between two of them on the line of theirs."""
    columns = np.sort(draws.normal(size=(101, 2)), axis=0)
    at = [12.3, 98.9]
    code = [float(np.interp(place, np.arange(101), column)) for place, column in zip(at, columns.T, strict=True)]
    return {"columns": columns.T.tolist(), "at": at, "code": code}


def neighbours(draws: np.random.Generator) -> dict[str, Any]:
    """Codes, and the rows of those that are nearest to one."""
    real, code = draws.normal(size=(50, 3)).astype(np.float32), draws.normal(size=3)
    return {
        "codes": floats(real),
        "code": code.tolist(),
        "nearest": np.linalg.norm(real - code, axis=1).argsort()[:8].tolist(),
    }


def text() -> str:
    """The answers as they lie in the file: one subject a line."""
    lines = (f"{json.dumps(name)}: {json.dumps(found)}" for name, found in answers().items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    PLACE.write_text(text(), "utf-8")
