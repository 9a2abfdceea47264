"""A page to take away: one HTML file with a model's map, sliders, canvas and card, that needs nothing else."""

import base64
import json
from collections.abc import Mapping
from copy import deepcopy
from html import escape
from string import Template
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt16
from numpy import ndarray

from vaecore import browser
from vaecore.browser import CLASS_COLORS, ink_on
from vaecore.evaluation.figures import with_error
from vaecore.evaluation.shown import RANKED
from vaecore.export import Exported, NotExportable, export
from vaecore.export.packing import pack
from vaecore.serving.explorer import Explorer
from vaecore.serving.kept import WIDEST_KEPT
from vaecore.serving.mathematics import joined, typeset
from vaecore.serving.shell import listed, whole, written
from vaecore.serving.studies.codes import percentiles, used_first
from vaecore.serving.studies.maps import LatentMap, latent_map
from vaecore.serving.trainer import ALONG, FOOTER, section

LARGEST = 3_000_000  # bytes of the page of a model with a plane of codes
BITS = (8, 7, 6)  # that such a model's weights are rounded to, one after the other, until its page is small enough
PARTS = ("canvas", "maps", "sliders")  # that the page is made of
FIRST = 12  # sliders of a code that is too wide for one each
FEW = 4  # sliders that have room beside the map
MIDDLE = 50  # percent
DIGITS = 6  # that a number keeps
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def take_away(explorer: Explorer, train: str = "") -> str:
    """The page of a model, as HTML: nothing in it asks for anything outside it.

    The weights are there as they are kept; only where a model with a plane of codes would not fit into `LARGEST`
    bytes, their matrices are rounded row by row, to the most bits that fit, and the page says what that changes.

    Args:
        explorer: the model.
        train: a set on which the page trains as well (`trainer`); else the model's own, if that comes with vaecore.

    Raises:
        ValueError: the page cannot run the decoder, the model writes text, its map cannot be laid out, or there is no
            set of that name.
    """
    train = train or (explorer.dataset if explorer.dataset in ALONG else "")
    training = section(train, {"objective": explorer.recipe.model}) if train else ""
    page = _page(explorer, explorer, "", training)
    for bits in BITS if explorer.latent == 2 else ():
        if len(page.encode()) - len(training.encode()) < LARGEST:
            break
        rounded = _rounded(explorer, bits)
        page = _page(explorer, rounded, _difference(explorer, rounded, bits), training)
    return page


def export_networks(explorer: Explorer) -> dict[str, bytes]:
    """The files for another program: `networks.json`, see `vaecore.export`, and `weights.bin`, little-endian float32.

    Raises:
        ValueError: a page cannot run the decoder, or the model writes text.
    """
    exported = _networks(explorer)
    described = {
        "name": explorer.name,
        "shape": explorer.shape,
        "classes": explorer.classes if "condition" in explorer.abilities else (),
        "networks": exported.networks,
    }
    return {"networks.json": json.dumps(described).encode(), "weights.bin": exported.weights}


def _page(explorer: Explorer, kept: Explorer, rounding: str, training: str) -> str:
    exported, laid = _networks(kept), latent_map(explorer)
    packed, columns, shown = pack(exported), _columns(explorer, laid), used_first(explorer)[:2]
    plane = [shown[0], shown[-1]]
    low, high, codes = _in_16_bits(laid.codes[:, columns])
    model = {
        "parts": {name: {kind: browser.read(f"{name}/{name}.{kind}") for kind in ("html", "css")} for name in PARTS},
        "names": [_name(index) for index in range(explorer.latent)],
        "columns": columns,
        "first": [columns.index(dimension) for dimension in plane],
        "codes": {"low": low, "high": high, "count": len(codes)},
        "images": np.concatenate([laid.index, [] if laid.labels is None else laid.labels]).astype(int).tolist(),
        "weights": {"floats": packed.floats, "layout": packed.layout},
        "maps": None if "codes" in laid.missing else _maps(explorer, laid, exported, plane),
        "sliders": _sliders(explorer, exported),
        "canvas": _canvas(explorer, exported),
    }
    facts, measured = _card(explorer)
    main = Template(browser.read("page/model.html")).substitute(
        unmapped=escape(laid.missing.get("codes", "")),
        turned=_turned(explorer),
        training=training,
        summary=escape(explorer.summary),
        equation=_equation(explorer.equation),
        facts=listed(facts),
        measured=listed(measured),
        protocol=escape(_protocol(explorer)),
        model=written(model),
        codes=base64.b64encode(codes.tobytes()).decode(),
        weights=base64.b64encode(packed.data).decode(),
        script=browser.script("page/page.js"),
    )
    lead = _lead("codes" not in laid.missing, "encoder" in exported.networks)
    return whole(explorer.name, lead, "few" if explorer.latent <= FEW else "many", main, f"{FOOTER} {rounding}".strip())


def _lead(mapped: bool, reads: bool) -> str:
    ways = [*["drag over the map"] * mapped, *["draw a digit"] * reads, "pull a slider"]
    *others, last = ways
    asked = f"{', '.join(others)} or {last}" if others else last
    question = "Which way does it slant, where does one class become another?"
    return f"{asked.capitalize()}: what is there is decoded while you move. {question}"


def _networks(explorer: Explorer) -> Exported:
    """Decoder and encoder; the decoder alone where a page cannot run the encoder."""
    if "text" in explorer.abilities:
        raise ValueError(f"{explorer.name} writes text: only models of images can be exported")
    try:
        return export(explorer.model)
    except NotExportable:
        pass
    try:
        return export(explorer.model, ("decoder",))
    except NotExportable as error:
        raise ValueError(f"{explorer.name} cannot be exported: {error}") from None


def _columns(explorer: Explorer, laid: LatentMap) -> list[int]:
    """Which numbers of the codes the page has: all of them, or two of a wide code."""
    return list(range(explorer.latent)) if laid.codes.shape[1] <= WIDEST_KEPT else used_first(explorer)[:2]


def _maps(explorer: Explorer, laid: LatentMap, exported: Exported, plane: list[int]) -> dict[str, Any]:
    scores, scope = laid.scores.get("codes", {}), f", all {explorer.latent:,}" if explorer.latent > 2 else ""
    titles = {"trustworthiness": f"trustworthiness{scope}", "neighbours": f"5-neighbour accuracy{scope}"}
    facts = [(title, f"{scores[key]:.3f}") for key, title in titles.items() if key in scores]
    whole = laid.codes.shape[1] <= WIDEST_KEPT
    return {
        "points": "points",
        "count": len(laid.index),
        "axes": [[_name(dimension) for dimension in plane]],
        "titles": [f"Codes of {len(laid.index):,} test images"],
        "facts": [facts],
        "images": "images",
        "labelled": laid.labels is not None,
        "scaled": False,
        "names": list(explorer.classes),
        "colors": CLASS_COLORS,
        "inks": [ink_on(color) for color in CLASS_COLORS],
        "focus": [],
        "shape": explorer.shape,
        "atlas": None,
        "made": True,
        "prior": explorer.standard_prior and plane[0] != plane[1],
        "network": exported.networks["decoder"],
        "weights": "weights",
        "kinds": ["codes"],
        "middle": [],
        "basis": [],
        "conditional": "condition" in explorer.abilities,
        "cursor": {"model": explorer.name, "codes": "codes" if whole else None},
    }


def _sliders(explorer: Explorer, exported: Exported) -> dict[str, Any]:
    quantiles, order = percentiles(explorer), used_first(explorer)
    shown = order if explorer.latent <= WIDEST_KEPT else order[:FIRST]
    conditional = "condition" in explorer.abilities
    return {
        "middle": _short(quantiles[MIDDLE]),
        "quantiles": {str(index): _short(quantiles[:, index]) for index in shown},
        "shown": shown,
        "names": [_name(index) for index in shown],
        "classes": explorer.classes if conditional else (),
        "label": min(3, len(explorer.classes) - 1) if conditional else None,
        "percents": {},
        "turn": 0,
        "shape": explorer.shape,
        "network": exported.networks["decoder"],
        "weights": "weights",
        "picture": [],
        "plane": None,
    }


def _canvas(explorer: Explorer, exported: Exported) -> dict[str, Any] | None:
    if "encoder" not in exported.networks:
        return None
    return {
        "strokes": [],
        "hint": "Draw here with the mouse, a pen or a finger",
        "model": explorer.name,
        "shape": explorer.shape,
        "latent": explorer.latent,
        "reach": float(np.abs(percentiles(explorer)[[0, -1]]).max()),
        "networks": exported.networks,
        "weights": dict.fromkeys(exported.networks, "weights"),
        "classes": explorer.classes if "condition" in explorer.abilities else (),
        "told": None,
        "chosen": False,
        "answer": None,
    }


def _turned(explorer: Explorer) -> str:
    spread = "the prior" if explorer.standard_prior else "the codes of the training images"
    some = "" if explorer.latent <= WIDEST_KEPT else f", the first {FIRST} of {explorer.latent:,}"
    return (
        f"A slider for each number of the code{some}, in percent of {spread}; the ones that the model uses come first."
    )


def _card(explorer: Explorer) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What the card says of the model, and what was measured."""
    card, (channels, height, width) = explorer.card, explorer.shape
    facts = {
        "kind": f"{explorer.variant} ({explorer.source})",
        "data": explorer.dataset,
        "images": f"{height} × {width} pixels" + (" in colour" if channels == 3 else ""),
        "code": f"{explorer.latent:,} numbers",
    }
    if "parameters" in card:
        facts["weights"] = f"{card['parameters']:,}"
    if "command" in card:
        facts["trained by"] = card["command"]
    metrics = card.get("metrics", {})
    measured = {}
    for measure, _ in RANKED.values():
        if metrics.keys() & set(measure.keys):
            which = measure.which(metrics)
            error = metrics.get(f"{which}_error")
            measured[measure.title] = with_error(measure.form, measure.sign * metrics[which], error)
    return facts, measured


def _protocol(explorer: Explorer) -> str:
    protocol = explorer.card.get("evaluation")
    if protocol is None:
        return "Its figures have not been measured."
    return (
        f"Measured on {protocol['images']:,} {protocol['split']} images; likelihoods by {protocol['samples']:,} "
        f"importance samples, seed {protocol['seed']}. {protocol['command']} repeats it."
    )


def _equation(written: str) -> str:
    """The equation in parts, after each of which a line may end."""
    return joined(typeset(written), lambda part: f"<span>{part.mathml or escape(part.plain)}{part.end}</span>")


def _rounded(explorer: Explorer, bits: int) -> Explorer:
    """The model with the rows of its matrices rounded to so many bits, a step for each."""
    levels = 2 ** (bits - 1) - 1
    model = deepcopy(explorer.model)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                step = (weight.flatten(1).abs().amax(1) / levels).clamp(min=torch.finfo(weight.dtype).tiny)
                step = step.view(-1, *[1] * (weight.ndim - 1))
                weight.copy_((weight / step).round() * step)
    return Explorer(model, explorer.recipe, explorer.card, explorer.folder)


def _difference(explorer: Explorer, rounded: Explorer, bits: int) -> str:
    """What rounding changes, over the codes of the map."""
    laid = latent_map(explorer)
    labels = explorer.told(laid.labels)
    off = np.abs(rounded.decode(laid.codes, labels) - explorer.decode(laid.codes, labels))
    return (
        f"To fit, the weights are rounded to {bits} bits: over the codes of the map, a pixel is {off.mean():.4f} off "
        f"the model's on average, {off.max():.2f} at most."
    )


def _in_16_bits(
    codes: Float32[ndarray, "n d"],
) -> tuple[list[float], list[float], UInt16[ndarray, "n d"]]:
    """The lowest and the highest code of each dimension, and where between them each code is."""
    low, high = codes.min(0), codes.max(0)
    share = (codes - low) / np.maximum(high - low, np.finfo(np.float32).tiny)
    return low.tolist(), high.tolist(), np.rint(65535 * share).astype("<u2")


def _name(index: int) -> str:
    return f"z{index + 1}".translate(SUBSCRIPTS)


def _short(values: ndarray) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
