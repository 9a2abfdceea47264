"""What pages fetch, made again by a copy of the server that has never shown it."""

import hashlib
from collections.abc import Iterator

import pytest
from harness import Open

from app.results import makers, recipes
from app.results.makers import MAKERS
from app.session import state
from app.session.blobs import BLOBS


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every address that pages are given."""
    given: list[str] = []
    put = BLOBS.put

    def take(*arguments: object, **named: object) -> str:
        given.append(put(*arguments, **named))
        return given[-1]

    monkeypatch.setattr(BLOBS, "served", True)
    monkeypatch.setattr(BLOBS, "put", take)
    yield given
    BLOBS.__init__(BLOBS.capacity)


SHOWN = [  # a page, a model, and the makers of what it fetches
    ("start", "vae-digits-2", {"portrait", "tile-keep", "tile-codes", "tile-walk", "tile-sliders"}),
    ("generate", "vae-digits-2", {"decoder", "manifold"}),
    ("generate", "cvae-digits-2", {"decoder", "manifold"}),
    ("map", "beta-vae-digits-4", {"decoder", "encoder", "projection", "points", "rows", "codes", "images"}),
    ("generate", "ladder-digits", {"descent"}),
    ("interpolate", "vae-digits-2", {"decoder", "ground", "ground-images"}),
]


@pytest.mark.parametrize(("page", "model", "kinds"), SHOWN)
def test_another_copy_makes_the_same_bytes(
    open_page: Open, addresses: list[str], page: str, model: str, kinds: set[str]
) -> None:
    app = open_page(page, model=model, draw="true")
    assert not app.exception
    found = {address.split("/", 2)[2]: address.split("/")[1] for address in addresses}
    assert kinds <= {recipe.split("/")[0] for recipe in found}
    with BLOBS._lock:
        BLOBS._blobs.clear()
    for recipe, digest in found.items():
        made = makers.again(recipe)
        assert made is not None
        assert hashlib.sha256(made[0]).hexdigest() == digest


def test_every_maker_is_seen_to_make_the_same_bytes() -> None:
    assert set.union(*(kinds for *_, kinds in SHOWN)) == set(MAKERS)


@pytest.mark.parametrize(
    "recipe",
    [
        "", "portrait", "portrait/", "portrait/nonsense", "portrait//etc/passwd", "portrait/vae-digits-2/1",
        "nonsense/vae-digits-2", "points/vae-digits-2", "points/vae-digits-2/0/1/9999", "points/vae-digits-2/0/2/1",
        "points/vae-digits-2/0/-1/1", "points/vae-digits-2/0/٣/1", "points/vae-digits-2/0/99999/1",
        "manifold/beta-vae-digits-4", "manifold/vae-digits-2/0", "manifold/cvae-digits-2", "manifold/cvae-digits-2/10",
        "portrait/couplets-tang",
    ],
)  # fmt: skip
def test_a_recipe_that_makes_nothing_is_none(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BLOBS, "served", True)
    assert makers.again(recipe) is None


def test_what_is_made_of_ones_own_model_has_no_recipe() -> None:
    own = state.Model("runs/mine", 1.0)
    assert recipes.write("portrait", own) == ""
    assert recipes.read("portrait/runs/mine") is None
    assert recipes.write("points", state.find("vae-digits-2"), 0, 1, 30) == "points/vae-digits-2/0/1/30"
