"""The JavaScript that runs exported networks, against torch: every shipped model, and every variant on odd shapes."""

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor

import vaecore
from vaecore.browser import script
from vaecore.checkpoint import names
from vaecore.export import NotExportable, export
from vaecore.models import MODELS, Autoencoder
from vaecore.serving.texts import text_names

ENGINE = script("network.js")
LOAD = """([networks, weights]) => {
  const bytes = Uint8Array.from(atob(weights), (each) => each.charCodeAt(0));
  const floats = new Float32Array(bytes.buffer);
  for (const [name, network] of Object.entries(networks)) window[name] = new Network(network, floats);
}"""
RUN = """([name, rows]) => rows.map((inputs) => {
  const found = window[name].run(...inputs.map((each) => (Array.isArray(each) ? Float32Array.from(each) : each)));
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, [...value]]));
})"""
ROWS = 5
BAR = 1e-4

Compare = Callable[[Autoencoder], dict[str, float]]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    tab = browser.new_page()
    tab.add_script_tag(content=ENGINE)
    yield tab
    tab.close()


@pytest.fixture
def compare(page: Page) -> Compare:
    """The largest difference between the page's numbers and torch's, by network and output."""

    def run(model: Autoencoder) -> dict[str, float]:
        exported = export(model)
        page.evaluate(LOAD, [exported.networks, base64.b64encode(exported.weights).decode()])
        draws = torch.Generator().manual_seed(0)
        x = torch.rand(ROWS, *model.shape, generator=draws)
        z = torch.randn(ROWS, model.latent, generator=draws)
        label = torch.arange(ROWS) % model.classes if model.classes else None
        with torch.no_grad():
            posterior = model.posterior(x, label)
            expected = {
                ("decoder", "mean"): model.likelihood(z, label).mean,
                ("encoder", "mean"): posterior.mean,
                ("encoder", "scale"): getattr(posterior, "scale", None),
            }
        found = {
            "decoder": page.evaluate(RUN, ["decoder", rows(z, label)]),
            "encoder": page.evaluate(RUN, ["encoder", rows(x, label)]),
        }
        differences = {}
        for (network, output), value in expected.items():
            ours = [row.get(output) for row in found[network]]
            if value is None:
                assert ours == [None] * ROWS
            else:
                assert np.isfinite(ours).all()
                differences[f"{network} {output}"] = float(np.abs(np.array(ours) - value.flatten(1).numpy()).max())
        return differences

    return run


def rows(values: Tensor, label: Tensor | None) -> list[list[Any]]:
    return [[v.flatten().tolist(), *([] if label is None else [int(label[i])])] for i, v in enumerate(values)]


@pytest.mark.browser
@pytest.mark.parametrize("name", sorted(set(names()) - set(text_names())))
def test_a_shipped_model_is_the_same_in_the_page(name: str, compare: Compare) -> None:
    differences = compare(vaecore.load(name, device="cpu").model)
    assert max(differences.values()) < BAR, differences


SMALL: dict[str, dict[str, Any]] = {
    "pca": {},
    "linear": {},
    "autoencoder": {"tied": True},
    "denoising": {"activation": "tanh"},
    "sparse-l1": {"activation": "relu"},
    "sparse-kl": {},
    "contractive": {},
    "stacked": {},
    "vae": {"likelihood": "gaussian"},
    "beta-vae": {"activation": "sigmoid"},
    "conv-vae": {"channels": (4, 5, 3), "conditional": True},
    "cvae": {"activation": "leaky", "likelihood": "discretised-logistic"},
    "iwae": {},
    "hierarchical": {"lower": (6, 5), "depth": 1, "conditional": True},
    "ladder": {"lower": (6, 5), "depth": 1, "conditional": True},
    "iaf": {"flow_hidden": (9,), "context": 4, "steps": 3, "conditional": True},
}


@pytest.mark.browser
@pytest.mark.parametrize("variant", SMALL)
def test_every_variant_runs_in_the_page_on_any_shape(variant: str, compare: Compare) -> None:
    torch.manual_seed(0)
    kind = MODELS[variant]
    hidden = (
        {}
        if variant in ("pca", "linear")
        else {"hidden": (17, 13, 11) if variant in ("hierarchical", "ladder") else (17, 13)}
    )
    model = kind(kind.Settings(latent=4, **hidden, **SMALL[variant]), (3, 13, 10), 7).eval()
    for name, value in model.state_dict().items():
        if "running" in name:
            value.copy_(torch.rand_like(value) + 0.5)
        elif value.ndim == 1 and value.is_floating_point():
            value.add_(torch.randn_like(value) * 0.2)
    differences = compare(model)
    assert max(differences.values()) < BAR, differences


def test_what_a_page_cannot_run_is_named() -> None:
    model = MODELS["vae"](MODELS["vae"].Settings(latent=2, hidden=(8,)), (1, 8, 8))
    model.encoder.append(torch.nn.Softmax(-1))
    with pytest.raises(NotExportable, match=r"cannot run 'softmax'.*The server can"):
        export(model)


class Odd(torch.nn.Module):
    """An operation that no page knows, or one that it knows in another form."""

    def __init__(self, compute: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.compute = compute

    def forward(self, x: Tensor) -> Tensor:
        return self.compute(x)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: x * x.sum(-1, keepdim=True),
        lambda x: 2.0**x,
        lambda x: torch.nn.functional.softplus(x, beta=2.0),
        lambda x: torch.add(x, x, alpha=2),
        lambda x: x * float(x.sum()),
    ],
)
def test_whatever_a_page_cannot_run_the_server_can(compute: Callable[[Tensor], Tensor]) -> None:
    explorer = vaecore.load("vae-digits-2", device="cpu")
    explorer.model.decoder.append(Odd(compute))
    assert explorer.exported("decoder") is None
    assert explorer.decode(np.zeros((1, 2), np.float32)).shape == (1, 1, 8, 8)


def test_visitors_who_come_at_once_are_served_one_after_the_other() -> None:
    models = [vaecore.load(name, device="cpu").model for name in ("vae-digits-2", "iwae-digits-8", "cvae-digits-2")]
    expected = [export(model) for model in models]
    with ThreadPoolExecutor(6) as pool, torch.no_grad():
        assert list(pool.map(export, models * 4)) == expected * 4


def test_a_caller_without_gradients_gets_the_same_steps() -> None:
    model = MODELS["vae"](MODELS["vae"].Settings(latent=2, hidden=(8,), activation="tanh"), (1, 8, 8))
    with torch.no_grad():
        found = export(model)
    assert found == export(model)


def test_only_what_the_outputs_need_is_written() -> None:
    """No check, no draw of noise, no layer before its normalisation was folded into it."""
    model = vaecore.load("ladder-digits", device="cpu").model
    exported = export(model)
    for network in exported.networks.values():
        used = {value for step in network["steps"] for value in step["from"]} | set(network["outputs"].values())
        assert {step["to"] for step in network["steps"]} <= used
        assert {step["op"] for step in network["steps"]} <= {"linear", "map", "combine", "slice", "concat", "constant"}
    assert len(exported.weights) < 4 * sum(p.numel() for p in model.parameters())
