"""A page to take away: that it is whole, small enough, and holds the model's weights as they are."""

import base64
import json
import re
import zlib
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import torch
from numpy import ndarray

from vaecore import serving
from vaecore.checkpoint import names
from vaecore.export import export
from vaecore.export.packing import Packed, pack
from vaecore.serving import Explorer
from vaecore.serving.loading import load
from vaecore.serving.takeaway import LARGEST, _in_16_bits, _rounded, export_networks, take_away
from vaecore.serving.texts import text_names
from vaecore.serving.trainer import alone

PLANES = [name for name in names() if name.endswith("-2")]


def unpacked(packed: Packed) -> ndarray:
    """The floats again, read as the table in `packing` says."""
    data, floats = zlib.decompress(packed.data), np.zeros(packed.floats, np.float32)
    at = 0

    def take(kind: str, count: int) -> ndarray:
        nonlocal at
        found = np.frombuffer(data, kind, count, at)
        at += found.nbytes
        return found.astype(np.float32)

    for offset, rows, columns, kind in packed.layout:
        if kind in ("half", "float"):
            part = take({"half": "<f2", "float": "<f4"}[kind], rows * columns)
        else:
            steps = take("<f4", rows if kind == "rows" else columns)
            whole = take("i1", rows * columns).reshape(rows, columns)
            part = whole * (steps[:, None] if kind == "rows" else steps)
        floats[offset : offset + rows * columns] = part.ravel()
    assert at == len(data)
    return floats


class Parts(HTMLParser):
    """What a page asks for, and what its scripts hold."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.held: dict[str, str] = {}
        self.inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.asked += [f"{name}={found[name]}" for name in ("src", "href", "srcset", "data", "action") if name in found]
        self.inside = found.get("id") if tag == "script" else None

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.held[self.inside] = self.held.get(self.inside, "") + data


def parts(page: str) -> Parts:
    found = Parts()
    found.feed(page)
    return found


@pytest.mark.parametrize("name", PLANES)
def test_a_plane_fits_and_asks_for_nothing(name: str) -> None:
    page = take_away(load(name, "cpu"))
    assert len(page.encode()) < LARGEST
    found = parts(page)
    assert found.asked == []
    assert not re.search(r"https?://|//cdn|@import|url\(", page)
    model = json.loads(found.held["model"])
    assert model["canvas"] is not None
    count, latent = model["codes"]["count"], len(model["codes"]["low"])
    assert len(base64.b64decode(found.held["codes"])) == 2 * count * latent  # and no room for an image


@pytest.mark.parametrize("name", [name for name in names() if name not in ("ae-mnist-2", *text_names())])
def test_the_weights_are_as_they_were(name: str) -> None:
    """Whether they are kept in 8, 16 or 32 bits; folded and turned ones too."""
    exported = export(load(name, "cpu").model)
    packed = pack(exported)
    floats = np.frombuffer(exported.weights, "<f4")
    for offset, rows, columns, kind in packed.layout:
        found, expected = (part[offset : offset + rows * columns] for part in (unpacked_once(name, packed), floats))
        if kind in ("half", "float"):
            np.testing.assert_array_equal(found, expected)
        else:
            np.testing.assert_allclose(found, expected, atol=2**-19 * np.abs(expected).max(), rtol=0)
    kept = {offset + i for offset, rows, columns, _ in packed.layout for i in (0, rows * columns - 1)}
    assert max(kept) == packed.floats - 1
    assert sum(rows * columns for _, rows, columns, _ in packed.layout) == packed.floats


KEPT: dict[str, ndarray] = {}


def unpacked_once(name: str, packed: Packed) -> ndarray:
    if name not in KEPT:
        KEPT.clear()
        KEPT[name] = unpacked(packed)
    return KEPT[name]


@pytest.mark.parametrize("bits", [8, 7, 6])
def test_rounded_weights_take_whole_numbers(vae: Explorer, bits: int) -> None:
    rounded = _rounded(vae, bits)
    packed = pack(export(rounded.model))
    matrices = [part for part in packed.layout if part[1] > 1]
    assert {kind for *_, kind in matrices} == {"rows"}
    step = max(float(p.abs().max()) for p in vae.model.parameters() if p.ndim > 1) / (2 ** (bits - 1) - 1)
    for (name, weight), other in zip(vae.model.named_parameters(), rounded.model.parameters(), strict=True):
        off = float((weight - other).abs().max())
        assert off <= (0.5001 * step if weight.ndim > 1 else 0), name
    codes = torch.randn(20, 2, generator=torch.Generator().manual_seed(0)).numpy()
    assert np.abs(rounded.decode(codes) - vae.decode(codes)).max() < 0.5


def test_a_plane_that_does_not_fit_is_rounded_and_says_so() -> None:
    explorer = load("ae-mnist-2", "cpu")
    said = re.search(
        r"rounded to (\d) bits: .* a pixel is ([\d.]+) off .* average, ([\d.]+) at most", take_away(explorer)
    )
    assert said is not None
    laid, rounded = serving.maps.latent_map(explorer), _rounded(explorer, int(said[1]))
    off = np.abs(rounded.decode(laid.codes) - explorer.decode(laid.codes))
    assert float(said[2]) == pytest.approx(off.mean(), abs=1e-4)
    assert float(said[3]) == pytest.approx(off.max(), abs=0.006)
    assert "rounded" not in take_away(load("conv-vae-mnist-2", "cpu")).split("<footer>")[1].split("</footer>")[0]


def test_codes_come_back_within_a_step() -> None:
    codes = np.random.default_rng(0).normal(0, 3, (50, 4)).astype(np.float32)
    codes[:, 3] = 1.5  # a unit that says nothing
    low, high, whole = _in_16_bits(codes)
    found = np.array(low) + whole / 65535 * (np.array(high) - np.array(low))
    np.testing.assert_allclose(found, codes, atol=float((codes.max(0) - codes.min(0)).max()) / 65535)


def test_what_the_model_says_of_itself_cannot_break_the_page(vae: Explorer) -> None:
    card = vae.card | {"classes": ["</script><b>", *vae.classes[1:]], "command": "vaecore <train> & co"}
    page = take_away(Explorer(vae.model, vae.recipe, card, vae.folder))
    found = parts(page)
    assert json.loads(found.held["model"])["maps"]["names"][0] == "</script><b>"
    assert "&lt;train&gt; &amp; co" in page


def test_wide_codes_have_two_numbers_on_the_map() -> None:
    model: dict[str, Any] = json.loads(parts(take_away(load("ae-digits-128", "cpu"))).held["model"])
    assert len(model["columns"]) == 2
    assert len(model["sliders"]["shown"]) == 12
    assert model["maps"]["cursor"]["codes"] is None


def test_the_files_for_other_programs(cvae: Explorer) -> None:
    files = export_networks(cvae)
    assert set(files) == {"networks.json", "weights.bin"}
    told = json.loads(files["networks.json"])
    assert told["networks"] == export(cvae.model).networks
    assert told["classes"] == list(cvae.classes)
    assert files["weights.bin"] == export(cvae.model).weights


def test_what_a_page_cannot_run_is_refused(vae: Explorer) -> None:
    odd = load("vae-digits-2", "cpu")
    odd.model.encoder.append(torch.nn.Softmax(-1))
    assert json.loads(parts(take_away(odd)).held["model"])["canvas"] is None
    odd.model.decoder.append(torch.nn.Softmax(-1))
    with pytest.raises(ValueError, match="vae-digits-2 cannot be exported: a page cannot run 'softmax'"):
        take_away(odd)
    odd.abilities = odd.abilities | {"text"}
    with pytest.raises(ValueError, match="writes text"):
        export_networks(odd)


def test_a_page_that_trains_holds_its_sets_and_asks_for_nothing() -> None:
    page = alone("digits", {"latent": "8"})
    assert len(page.encode()) < 300_000
    found = parts(page)
    assert found.asked == []
    assert not re.search(r"https?://|//cdn|@import|url\(", page)
    told = json.loads(found.held["training"])
    assert told["data"]["settings"] == {"set": "digits", "latent": "8"}
    assert [each["address"] for each in told["data"]["sets"]] == [*told["sheets"], None]
    assert told["data"]["sets"][-1]["name"] == "drawn"
    assert list(told["sheets"]) == ["digits", "moons", "spiral", "circles"]
    assert base64.b64decode(told["sheets"]["digits"]) == serving.sheets.sheet("digits").data


def test_a_model_of_digits_brings_them_along_and_others_only_what_is_asked_for() -> None:
    digits, planes = (
        json.loads(parts(take_away(load(name, "cpu"), train)).held["training"])
        for name, train in (("cvae-digits-2", ""), ("conv-vae-mnist-2", "moons"))
    )
    assert digits["data"]["settings"] == {"objective": "cvae", "set": "digits"}
    assert [each["name"] for each in planes["data"]["sets"]] == ["moons", "spiral", "circles", "drawn"]
    assert "training" not in parts(take_away(load("conv-vae-mnist-2", "cpu"))).held
    with pytest.raises(ValueError, match=r"expected a set of digits, mnist, .* to train on, got 'letters'"):
        alone("letters")
