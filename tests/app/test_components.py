"""What Python sends to the components is what their typedefs say: the same keys of the same types, all the way down."""

import json
import re
from typing import Any

import pytest
from harness import Open
from typedefs import complaints, typedefs

from vaecore.serving.loading import load
from vaecore.serving.takeaway import take_away
from vaecore.serving.trainer import alone

KNOWN = typedefs()
SENT = {
    "latent_sliders": "SlidersData",
    "verse_sliders": "SlidersData",
    "latent_maps": "MapsData",
    "drawing_canvas": "CanvasData",
    "latent_paths": "PathsData",
    "posterior_ellipse": "EllipseData",
    "fonts": "FontsData",
    "chart": "PlotData",
    "trainer": "TrainData",
}
STROKE = "MzGaMz5m"  # of vaecore.serving.drawings


@pytest.mark.parametrize(
    ("page", "parameters", "components"),
    [
        ("generate", {"model": "vae-digits-2"}, {"latent_sliders"}),
        ("generate", {"model": "cvae-digits-2", "beside": "vae-digits-2"}, {"latent_sliders"}),
        ("generate", {"model": "pca-digits"}, {"latent_sliders"}),
        ("verse", {"model": "couplets-tang"}, {"verse_sliders", "fonts"}),
        ("map", {"model": "vae-digits-2", "draw": "true", "drawing": STROKE}, {"latent_maps", "drawing_canvas"}),
        ("map", {"model": "cvae-digits-2", "draw": "true"}, {"latent_maps", "drawing_canvas"}),
        ("map", {"model": "pca-digits"}, {"latent_maps"}),
        ("interpolate", {"model": "vae-digits-2"}, {"latent_paths"}),
        ("interpolate", {"model": "pca-digits"}, {"latent_paths"}),
        ("posterior", {"model": "vae-digits-2", "of": "3"}, {"posterior_ellipse"}),
        ("posterior", {"model": "iaf-digits-2", "drawn": "200"}, {"posterior_ellipse"}),
        ("subspace", {"step": "8"}, {"chart"}),
        ("divergence", {"steps": "20"}, {"chart"}),
        ("reparameterisation", {}, {"chart"}),
        ("anomaly", {"model": "vae-digits-2"}, {"chart"}),
        ("scores", {}, {"chart"}),
        ("train_here", {"set": "moons"}, {"trainer"}),
    ],
)
def test_what_a_page_sends_is_what_the_component_expects(
    open_page: Open, page: str, parameters: dict[str, str], components: set[str]
) -> None:
    app = open_page(page, **parameters)
    assert not app.exception
    sent = [(each.proto.component_name, json.loads(each.proto.json)) for each in app.get("bidi_component")]
    assert components <= {name for name, _ in sent}
    for name, data in sent:
        assert complaints(data, KNOWN[SENT[name]], KNOWN, name) == []


@pytest.mark.parametrize("name", ["vae-digits-2", "cvae-digits-2", "pca-digits", "ae-digits-128"])
def test_a_page_to_take_away_holds_what_its_script_expects(name: str) -> None:
    found = re.search(r'id="model">(.*?)</script>', take_away(load(name, "cpu")), re.DOTALL)
    assert found
    assert complaints(json.loads(found[1]), KNOWN["PageData"], KNOWN) == []


def test_a_page_that_trains_holds_what_its_script_expects() -> None:
    found = re.search(r'id="training">(.*?)</script>', alone("circles"), re.DOTALL)
    assert found
    assert complaints(json.loads(found[1]), KNOWN["TrainingData"], KNOWN) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"character": 1}, "data.character: string"),
        ({"more": 1}, "data.more: is in no typedef"),
    ],
)
def test_another_key_or_type_is_seen(changed: dict[str, Any], complaint: str) -> None:
    assert complaints({"character": "x"} | changed, KNOWN["FontsData"], KNOWN) == [complaint]


@pytest.mark.parametrize(
    ("value", "type_", "fits"),
    [
        ([1, 2.5], "Point", True),
        ([1, 2, 3], "Point", False),
        ([1, "2"], "number[]", False),
        ({"a": [1]}, "Record<string, number[]>", True),
        ({"a": 1}, "Record<string, number[]>", False),
        ({"address": "x", "columns": 1}, "AtlasData | null", True),
        ({"address": "x"}, "AtlasData | null", False),
        (None, "AtlasData | null", True),
        (True, "number", False),
        ("data", '"linear" | "data"', True),
        ("line", '"linear" | "data"', False),
        ([["a", "b"], None], "([x: string, y: string] | null)[]", True),
    ],
)
def test_types_are_read_as_they_are_meant(value: object, type_: str, fits: bool) -> None:
    assert (complaints(value, type_, KNOWN) == []) is fits
