"""Names that a stranger gave: in a run, its folder, its images and their classes, they are text and nothing else."""

import json
import shutil
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from harness import PAGES, Open, Visit, check_signs, path_of, settle
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.session.plain import JOINER
from vaecore import checkpoint

CLASS = "{}![x](x.png)[a](javascript:window.evil=1)<img src=x onerror=window.evil=1>"
NAME = (
    '![x](http://foreign.example/x.png) [a](http://foreign.example) <img src="http://foreign.example/y.png"> '
    '<a href="http://foreign.example">b</a><script>window.evil=1</script> :material/skull: $x^2$ www.foreign.example'
)
FOLDER = "[a](www.foreign.example) :red[x] $x^2$ <img src=x onerror=window.evil=1>"
MODELS = {  # of each page
    "stack": "stacked-digits",
    "features": "sparse-kl-digits",
    "hierarchy": "ladder-digits",
    "conditional": "cvae-digits-2",
    "rate": "beta-vae-digits-4",
    "verse": "couplets-tang",
}
LED = (
    "a[href*='//foreign'], a[href*='//www.f'], a[href^=javascript], img[src*=foreign], img[src*='x.png'], img[src=x], "
    "[aria-label^=skull], .katex"
)
SPOKEN = ("start", "map", "reconstruct", "interpolate", "corrupt", "features", "sensitivity", "anomaly", "conditional")


@pytest.fixture(scope="session")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs whose names, classes and images have the strangest names that a disk and a file can hold."""
    folder = tmp_path_factory.mktemp("strange")
    images = folder / FOLDER
    classes = [CLASS.format(label) for label in range(10)]
    for row, pixels in enumerate(np.random.default_rng(0).integers(0, 255, (200, 8, 8), dtype=np.uint8)):
        place = images / classes[row % 10]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place / f"{row}.png")
    for name in {"vae-digits-2", *MODELS.values()}:
        run = folder / f"{name} {FOLDER}"
        shutil.copytree(checkpoint.find(name), run)
        (run / "map.safetensors").unlink(missing_ok=True)  # which is of the digits
        pictures = name != "couplets-tang"
        rewrite(run / "recipe.json", name=NAME, **({"dataset": str(images)} if pictures else {}))
        rewrite(run / "card.json", name=NAME, **({"classes": classes} if pictures else {}))
    return folder


def rewrite(path: Path, **changed: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def query(strange: Path, page: str) -> dict[str, str]:
    run = strange / f"{MODELS.get(page, 'vae-digits-2')} {FOLDER}"
    return {"verse" if page == "verse" else "model": str(run)}


def check(app: AppTest) -> None:
    assert not app.exception, [each.stack_trace for each in app.exception]
    assert len(app.title) == 1
    check_signs(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_strangers_names_are_text(open_page: Open, strange: Path, page: str) -> None:
    app = open_page(page, **query(strange, page))
    check(app)
    for box in ("behind open", "behind-numbers open"):
        app.session_state[box] = True
    check(app.run())


@pytest.mark.parametrize(
    ("page", "more"),
    [
        ("map", {"draw": "true", "drawing": "MzGaMz5m"}),
        ("interpolate", {"a_from": "Map", "b_from": "Drawing"}),
        ("reconstruct", {"show": "your drawing", "drawing": "MzGaMz5m"}),
        ("reconstruct", {"show": "by row", "rows": NAME}),
        ("conditional", {"from": "a drawing", "drawing": "MzGaMz5m"}),
        ("conditional", {"from": "the prior"}),
        ("sensitivity", {"beside": "pca-digits", "by": "pca-digits"}),
        ("stack", {"pick": "wrong"}),
    ],
)
def test_they_are_on_what_is_drawn_too(open_page: Open, strange: Path, page: str, more: dict[str, str]) -> None:
    app = open_page(page, **query(strange, page), **more)
    check(app)


def test_another_models_images_have_names_too(open_page: Open, strange: Path) -> None:
    for page in ("reconstruct", "anomaly", "map"):
        check(open_page(page, model="vae-digits-2", data=str(strange / FOLDER), unseen=str(strange / FOLDER)))


@pytest.mark.browser
@pytest.mark.parametrize("page", SPOKEN)
def test_a_browser_shows_them_letter_by_letter(visit: Visit, strange: Path, page: str) -> None:
    tab = visit(path_of(page, urlencode(query(strange, page))))
    for menu in tab.locator("[data-testid=stMain] [data-testid=stSelectbox] input").all()[:1]:
        menu.click()
    settle(tab)
    tab.wait_for_function(f"document.body.innerText.replaceAll('{JOINER}', '').includes('[a](')")
    assert tab.locator("[data-testid=stException]").count() == 0
    assert tab.locator(LED).count() == 0
    assert tab.evaluate("window.evil") is None
