"""What a stacked autoencoder has learned, layer by layer and stage by stage; each result kept."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from app.results.data import Pictures, Source
from app.session.state import Model, find, model_names
from vaecore import serving
from vaecore.serving import Explorer

STAGES = {  # of the training: in words, in a word, and the variable that its error is of; later layers read codes
    "layer-1": ("Layer 1 alone", "layer 1", "reconstruction"),
    "reconstruction": ("All layers together", "all", "reconstruction"),
    "classifier": ("Classifier on top", "classifier", "error"),
}


def at_hand() -> list[str]:
    """Return the stacked autoencoders at hand."""
    return [name for name in model_names() if find(name).explorer.variant == "stacked"]


def widths(own: Explorer) -> tuple[int, ...]:
    """Return how many numbers each layer of a stack has, the first layer's first."""
    settings = own.card["recipe"]["settings"]
    return (*settings["hidden"], own.latent)


@dataclass(frozen=True)
class Layers:
    """What the codes of a stack reconstruct, the first layer's first.

    Attributes:
        images: of each layer, [n, c, h, w].
        errors: squared, of each image.
        tuned: the images and their errors after all layers were tuned together, where the layers above are as they
            were before; None where they are the tuned ones themselves.
    """

    images: list[np.ndarray]
    errors: list[np.ndarray]
    tuned: tuple[np.ndarray, np.ndarray] | None


def layers(model: Model, found: Pictures, rows: np.ndarray) -> Layers:
    """Return what each layer makes of the images at some rows."""
    return _layers(model, found.source, tuple(rows.tolist()), found)


@st.cache_resource(show_spinner=False, max_entries=64)
def _layers(model: Model, source: Source, rows: tuple[int, ...], _found: Pictures) -> Layers:
    del source
    images, own = _found.images[list(rows)], model.explorer
    *restored, last = *serving.units.layers(own, images), own.reconstruct(images)
    errors = [((images - part) ** 2).sum(axis=(1, 2, 3)) for part in (*restored, last)]
    same = np.allclose(restored[-1], last, atol=1e-4)
    return Layers(restored, errors[:-1], None if same else (last, errors[-1]))


@st.cache_resource(show_spinner="Asking the classifier about every test image ...", max_entries=32)
def _votes(model: Model, source: Source, _found: Pictures) -> np.ndarray:
    del source
    return model.explorer.classify(_found.images)


def votes(model: Model, found: Pictures) -> np.ndarray:
    """Return the classifier's probabilities for every test image, [n, classes]."""
    return _votes(model, found.source, found)


def known_labels(own: Explorer, found: Pictures) -> np.ndarray | None:
    """Return the images' labels where they name the model's own classes."""
    return found.labels if found.names == tuple(own.classes) else None


def mistakes(probabilities: np.ndarray, labels: np.ndarray) -> tuple[int, float]:
    """Return for how many images the likeliest class is the wrong one, and their share."""
    wrong = probabilities.argmax(axis=1) != labels
    return int(wrong.sum()), float(wrong.mean())


def likeliest(probabilities: np.ndarray, count: int, label: int | None) -> list[int]:
    """Return the likeliest classes of an image, the likeliest first; the right one, where it is known, is always in."""
    order = np.argsort(-probabilities, kind="stable")[:count].tolist()
    return order if label is None or label in order else [*order[:-1], label]


@dataclass(frozen=True)
class Stage:
    """One stage of a stack's training; what the card does not say is None.

    Errors are those of the images that the card says the training was `measured_on`.

    Attributes:
        name: in words.
        short: in a word.
        variable: what its error is of: a "reconstruction" of pixels, of codes ("z"), or the classifier's ("error").
        epochs: how many.
        seconds: of this stage alone.
        squared_error: of an image, by the layers trained so far.
        classification_error: the share of wrong votes.
        history: the error, epoch by epoch.
    """

    name: str
    short: str
    variable: str
    epochs: int | None
    seconds: float
    squared_error: float | None
    classification_error: float | None
    history: np.ndarray | None


def stages(own: Explorer) -> list[Stage]:
    """Return a stack's stages in their order; the classifier, where there is one, is the last."""
    settings, total = own.card["recipe"]["settings"], own.card["recipe"]["training"]["epochs"]
    epochs = {"reconstruction": total, "classifier": settings["classifier_epochs"]}
    kept = list(own.card.get("stages", []))
    if "classify" in own.abilities and kept and kept[-1]["stage"] != "classifier":
        error = own.card["metrics"].get("classification_error")
        metrics = {} if error is None else {"classification_error": error}
        kept.append({"stage": "classifier", "seconds": own.card["seconds"], "metrics": metrics})
    ends = [0.0, *(stage["seconds"] for stage in kept)]
    return [
        _stage(stage, epochs.get(stage["stage"], settings["layer_epochs"]), end - begin)
        for stage, begin, end in zip(kept, ends, ends[1:], strict=False)
    ]


def _stage(kept: dict[str, Any], epochs: int, seconds: float) -> Stage:
    name, metrics, history = kept["stage"], kept.get("metrics", {}), kept.get("history")
    depth = name.removeprefix("layer-")
    return Stage(
        *STAGES.get(name, (f"Layer {depth} alone", f"layer {depth}", "z")),
        len(history) if history else epochs,
        seconds,
        metrics.get("squared_error"),
        metrics.get("classification_error"),
        np.asarray(history, dtype=np.float64) if history else None,
    )
