"""No page ends in an exception, whatever the address says; on a public server nobody's files are looked for."""

import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import CHOOSING, LESSONS, PAGES, Open, Visit, charts, check_signs, code, path_of, settle, strings
from PIL import Image
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from app.components import canvas, ellipse, paths, sliders, verses
from app.server.options import OPTIONS
from app.session import address, state
from vaecore import checkpoint
from vaecore.limits import LIMITS

EACH = 24  # addresses of a page: 504 in all
SECRET = "CANARY"  # is in every file of the server that an address names, and in no sentence
MODELS = ["vae-digits-2", "ae-digits-2", "cvae-digits-2", "beta-vae-digits-4", "ladder-digits", "one-class-digits"]
FITTING = {
    "stack": ["stacked-digits"],
    "features": ["sparse-kl-digits"],
    "hierarchy": ["ladder-digits", "hierarchical-digits"],
    "conditional": ["cvae-digits-2"],
    "rate": ["beta-vae-digits-4", "iwae-digits-8"],
    "posterior": ["vae-digits-2", "cvae-digits-2", "iaf-digits-2"],
    "verse": ["couplets-tang", "couplets-collapsed"],
}
PATHS = ["/etc/passwd", "/dev/zero", "../../etc/passwd", "~nobody", "~root/.ssh", "C:\\Windows\\win.ini", "x" * 300]
PATHS += [f"{path}?split=folder" for path in PATHS] + ["digits?split=/etc/passwd"]
SIGNS = [
    "![x](http://foreign.example/x.png)", "[a](javascript:alert(1))", ":red[x]", ":material/skull:", "$x^2$",
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", '<a href="http://foreign.example">b</a>',
    "http://foreign.example/x.png", "www.foreign.example",
]  # fmt: skip
ODD = [
    "",
    " ",
    "a\0b",
    "\x1b[31m",
    "\n",
    "\u202eabc",
    "😀",
    "٣",
    "½",
    "None",
    "null",
    "[]",
    "{}",
    "any",
    "..",
    ".",
    "/",
]
NUMBERS = [
    "0", "-1", "1", "2", "10", "3.7", "0x10", "nan", "inf", "-inf", "1e999", "1e308", "9" * 5000, "-" + "9" * 400,
    "100000000000000000000", "1 2", "4,5", "nan nan", "1e400 1", "1e30 1e30", "1e5 1e5 1e5 1e5", "0 0 50 50",
]  # fmt: skip
CHOICES = [
    "true", "your drawing", "by row", "a drawing", "Drawing", "Map", "Typed", "A test text", "Drawn", "the prior",
    "a test image", "mnist/3", "digits/3", "digits/x", "digits/", "couplets", "MzGaMz5m", "MzGa", "....", "A" * 5000,
]  # fmt: skip
REPEATED = [["1", "2"], ["", ""], ["a", "1"], ["0", "nan"], ["x", ""]]


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPTIONS, "public", True)


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of the server: a run, a folder of images and a text, each with the secret in it."""
    folder = tmp_path_factory.mktemp("secrets")
    shutil.copytree(checkpoint.find("vae-digits-2"), folder / "run")
    for file in ("recipe.json", "card.json"):
        path = folder / "run" / file
        path.write_text(path.read_text().replace('"vae-digits-2"', f'"{SECRET}"').replace('"7"', f'"{SECRET}"'))
    random_pixels = np.random.default_rng(0).integers(0, 255, (30, 8, 8), dtype=np.uint8)
    for row, pixels in enumerate(random_pixels):
        place = folder / "images" / f"{SECRET}-{row % 2}" / f"{row}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place)
    (folder / "lines.txt").write_text(f"{SECRET} one\n{SECRET} two\n")
    return folder


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every path that is opened or looked for."""
    found: list[str] = []

    def noting(ask: Callable[..., Any]) -> Callable[..., Any]:
        def note(path: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
            found.append(str(path))
            return ask(path, *rest, **more)

        return note

    for name in ("stat", "lstat", "access", "readlink"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    monkeypatch.setattr(os.path, "expanduser", noting(os.path.expanduser))
    LISTENERS.append(found)
    yield found
    LISTENERS.remove(found)


LISTENERS: list[list[str]] = []


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("open", "os.listdir", "os.scandir"):
        for found in LISTENERS:
            found.append(str(arguments[0]))


sys.addaudithook(listen)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The parameters that pages read of an address, whether they are there or not."""
    found: set[str] = set()
    for name in ("get_initial_value", "__getitem__"):
        read = getattr(QueryParams, name)

        def note(self: QueryParams, key: str, read: Callable = read) -> str | list[str] | None:
            found.add(key)
            return read(self, key)

        monkeypatch.setattr(QueryParams, name, note)
    return found


def check(app: AppTest) -> None:
    """No exception, one title or one sentence instead of the page, no secret, no sign that is one."""
    assert not app.exception, [each.stack_trace for each in app.exception]
    assert len(app.title) == 1 or (not app.title and len(app.warning) == 1)
    for _, text in strings(app):
        assert SECRET not in text
        assert "Traceback" not in text
    check_signs(app)


@pytest.mark.parametrize("page", [*PAGES, *LESSONS])
@pytest.mark.usefixtures("public")
def test_a_page_answers_any_address(
    open_page: Open, page: str, asked: set[str], touched: list[str], secrets: Path
) -> None:
    draw = random.Random(page)
    own = [*map(str, secrets.iterdir()), f"{secrets / 'images'}?split=folder", f"digits/3?split={secrets / 'run'}"]
    values = [*PATHS, *own, *SIGNS, *ODD, *NUMBERS, *CHOICES, *REPEATED]
    open_page(page)
    for _ in range(EACH):
        query = {key: draw.choice(values) for key in draw.sample(sorted(asked), draw.randint(1, len(asked)))}
        if draw.random() < 0.85:
            query |= {"verse" if page == "verse" else "model": draw.choice(FITTING.get(page, MODELS))}
            query |= {"data": draw.choice(["", "", "", query.get("data", "")])}
        touched.clear()
        try:
            check(open_page(page, **query))
        except AssertionError as error:
            raise AssertionError(f"{page} of {query}: {error}") from None
        seen = [path for path in touched if path in PATHS or path.startswith(str(secrets))]
        assert not seen, (query, seen)


@pytest.mark.parametrize("key", ["model", "data", "verse", "unseen"])
@pytest.mark.usefixtures("public")
def test_what_is_there_and_what_is_not_are_told_in_the_same_words(open_page: Open, key: str, secrets: Path) -> None:
    page = {"data": "reconstruct", "verse": "verse", "unseen": "anomaly"}.get(key, "map")
    told = []
    ruled = f"{secrets / 'images'}?split=folder"
    for place in (secrets / "run", secrets / "images", secrets / "lines.txt", secrets / "none", ruled):
        app = open_page(page, **{key: str(place)})
        check(app)
        told.append([text.replace(str(place), "it") for kind, text in strings(app) if kind != "bidi_component"])
    assert all(each == told[0] for each in told)
    if key != "unseen":
        assert f"no {'data set' if key == 'data' else 'model'} is called".capitalize() in " ".join(told[0])


def test_the_same_paths_open_on_a_server_of_ones_own(open_page: Open, secrets: Path) -> None:
    app = open_page("reconstruct", model=str(secrets / "run"), data=str(secrets / "images"))
    assert not app.exception
    assert f"{SECRET}-0" in app.selectbox(key="of").options
    assert SECRET in " ".join(text for _, text in strings(app))


def test_the_rule_of_a_split_stays_in_the_address(open_page: Open, secrets: Path) -> None:
    """It is read with the path, and said with its name; the page's test images are those of the rule."""
    place = f"{secrets / 'images'}?split=folder"
    app = open_page("reconstruct", model="vae-digits-2", data=place)
    assert not app.exception
    assert app.query_params["data"] == place
    said = " ".join(text for _, text in strings(app))
    assert "30 pictures in 2 classes of 8 x 8 pixels; split by folder, 2 groups" in said
    assert "images?split=folder" in said
    assert f"vaecore.dataset({place!r})" in "".join(code(app))
    other = open_page("reconstruct", model="vae-digits-2", data=f"{secrets / 'images'}?split=patient")
    assert not other.exception
    assert "expected 'folder', 'stem' or 'contiguous' after ?split=, got 'patient'" in other.warning[0].value


@pytest.mark.parametrize("page", ["reconstruct", "anomaly"])
def test_texts_are_no_images(open_page: Open, secrets: Path, page: str) -> None:
    texts = str(secrets / "lines.txt")
    app = open_page(page, model="vae-digits-2", data=texts, unseen=texts)
    assert not app.exception
    assert "holds texts: this page shows images" in app.warning[0].value


@pytest.mark.usefixtures("public")
def test_a_public_page_asks_for_no_path(open_page: Open) -> None:
    helps = [each.help for each in open_page("map").selectbox if each.label == "Images"]
    assert helps
    assert not [each for each in helps if "path" in each or "folder" in each]
    for page in ("map", "verse"):
        (picker,) = (each.proto.body for each in open_page(page).sidebar.get("html") if "vc-picker" in each.proto.body)
        assert 'data-own=""' in picker
        assert "path" not in picker
        assert "folder" not in picker


@pytest.mark.usefixtures("public")
def test_a_class_of_a_data_set_is_a_name(open_page: Open) -> None:
    app = open_page("reconstruct", model="vae-digits-2", data="digits/3", rows="0 1", show="by row")
    check(app)
    assert app.selectbox(key="data").value == "digits/3"
    assert not app.warning
    assert "No class is called" in open_page("reconstruct", model="vae-digits-2", data="digits/x").warning[0].value


# A model on a page that does not show it


@pytest.mark.parametrize("page", CHOOSING)
def test_a_model_of_texts_is_sent_to_its_page(open_page: Open, page: str) -> None:
    app = open_page(page, model="couplets-tang")
    check(app)
    assert [each.value for each in app.warning] == [
        "couplets-tang is a model of texts: this page shows models of images."
    ]
    (link,) = app.get("page_link")
    assert (link.proto.label, link.proto.query_string) == ("Open it on “Poems from a code”", "verse=couplets-tang")


def test_a_model_of_images_is_sent_to_its_page(open_page: Open) -> None:
    app = open_page("verse", verse="vae-mnist-2")
    check(app)
    assert "vae-mnist-2 is a model of images" in app.warning[0].value
    (link,) = app.get("page_link")
    assert (link.proto.label, link.proto.query_string) == ("Open it on “Pictures from sliders”", "model=vae-mnist-2")


@pytest.mark.parametrize("model", ["couplets-tang", "~nobody", "/dev/zero", ""])
def test_a_lesson_chooses_its_model_itself(open_page: Open, model: str) -> None:
    assert len(charts(open_page("subspace", model=model, data=model))) == 2


# What the address says is what is shown


@pytest.mark.parametrize(
    ("page", "key", "value", "usual"),
    [
        ("corrupt", "seed", "inf", None),
        ("corrupt", "noise", "", None),
        ("reconstruct", "show", ["", ""], None),
        ("interpolate", "stop", "9" * 5000, "6"),
        ("divergence", "p", "", None),
        ("generate", "model", " ", "vae-mnist-2"),
    ],
)
def test_what_cannot_be_meant_leaves_the_address(
    open_page: Open, page: str, key: str, value: str | list[str], usual: str | None
) -> None:
    query = {"model": "vae-digits-2", key: value}
    app = open_page(page, **query)
    check(app)
    assert app.query_params.get(key) == (None if key == "stop" else usual)


def test_what_is_meant_stays(open_page: Open) -> None:
    query = {"model": "vae-digits-2", "seed": "3", "level": "0.25", "noise": "gaussian"}
    assert open_page("corrupt", **query).query_params == query


@pytest.mark.parametrize(
    ("word", "number"), [("0", 0), ("٣", 3), ("9" * 18, 10**18 - 1), ("9" * 19, None), ("-1", None)]
)
def test_a_whole_number_is_counted(word: str, number: int | None) -> None:
    assert address.whole(word) == number


@pytest.mark.parametrize("place", ["~no-such-user", "x" * 300, "a\0b", "", " "])
def test_what_is_no_path_is_none(place: str) -> None:
    assert state.own_path(place) is None
    with pytest.raises(ValueError, match="no model is called"):
        state.find(place)


@pytest.mark.parametrize("page", ["map", "reconstruct", "verse"])
@pytest.mark.parametrize("place", ["/dev/zero", "/etc/passwd", "~nobody", "x" * 300, "a\0b", "![x](x.png)"])
def test_a_server_of_ones_own_answers_too(open_page: Open, page: str, place: str) -> None:
    check(open_page(page, **{"verse" if page == "verse" else "model": place}))
    if place != "/dev/zero":  # which `vaecore.dataset` is tested to refuse
        check(open_page(page, model="vae-digits-2", data=place))


# What a browser says


@pytest.mark.parametrize("page", [*PAGES, *LESSONS])
def test_emptied_choices_are_the_usual_ones(open_page: Open, page: str) -> None:
    model = FITTING.get(page, MODELS)[0]
    app = open_page(page, **{"verse" if page == "verse" else "model": model})
    for each in (*app.button_group, *app.selectbox, *app.number_input, *app.multiselect, *app.text_input):
        each.set_value(None)
    check(app.run())


JUNK = [
    None,
    5,
    "x",
    [],
    {},
    {"stand": 5},
    {"stand": []},
    {"stand": {}},
    {"strokes": 5},
    {"left": {"at": 1, "turn": 1}},
]
SAID = {
    "percents": [None, 5, [], {"x": 1}, {"1": "x"}, {"9" * 5000: 1}, {"1": float("nan")}, {"1": 1e400}],
    "turn": [None, "x", [], float("inf")],
    "label": [5, [], {}],
    "draw": ["x", [], -1, 10**30, float("nan")],
    "step": [None, "x", -5, float("inf")],
    "ends": [None, 5, {"a": 5}, {"a": "9" * 5000}, {"a": "nan nan"}],
    "at": [None, [1, 2], [1, 2, 3, "x"], [float("inf")] * 4, [float("nan")] * 4, [1e300] * 4],
}
WHOLE = {
    "percents": {"0": 3}, "turn": 1, "moving": False, "label": None, "draw": None, "step": 1, "ends": {},
    "at": [0, 0, 0, 0],
}  # fmt: skip


@pytest.mark.parametrize(
    "said", [*JUNK, *({**WHOLE, part: junk} for part, all_junk in SAID.items() for junk in all_junk)]
)
def test_a_component_may_say_anything(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    whole = isinstance(said, dict) and said.keys() == WHOLE.keys()
    kept = dict.fromkeys(("sliders", "verses", "paths", "ellipse"), {"stand": said, "left": said} if whole else said)
    for module in (sliders, verses, paths, ellipse):
        monkeypatch.setattr(module.st, "session_state", kept)
    sliders._take()
    verses._take()
    paths._hear(lambda _: None)
    ellipse._take(lambda _: None)
    assert 0 <= kept.get(verses.DRAW, 0) < 10_000
    assert all(1 <= percent <= 99 for percent in kept.get(sliders.PERCENTS, {}).values())


@pytest.mark.parametrize(
    ("page", "query", "key"),
    [
        ("map", {"draw": "true"}, canvas.DRAWING),
        ("reconstruct", {"show": "your drawing"}, canvas.DRAWING),
        ("interpolate", {"a_from": "Drawing"}, "a_drawing"),
    ],
)
@pytest.mark.parametrize(
    "strokes",
    [
        [[[0.1, 0.1]]] * 50_000,
        [[[row / 19_000, row % 2] for row in range(19_000)]],
        [[["a"]]],
        [[None]],
        5,
        [[[10**400, 1]]],
    ],
)
def test_strokes_of_any_kind_are_drawn_or_refused_at_once(
    open_page: Open,
    page: str,
    query: dict[str, str],
    key: str,
    strokes: Any,  # noqa: ANN401
) -> None:
    app = open_page(page, model="vae-digits-2", **query)
    app.session_state[f"{key} canvas"] = {"strokes": strokes}
    began = time.process_time()
    app.run()
    assert time.process_time() - began < 10  # a second or two, where nothing else runs
    assert not app.exception
    assert len(app.warning) == (0 if strokes == 5 else 1)
    if isinstance(strokes, list) and len(strokes) > 1000:
        assert f"at most {LIMITS['drawing_points'].default:,} points, got 50,000" in app.warning[0].value


# In a browser

LINKS = [
    ("start", "model=![x](http://foreign.example/x.png)"),
    ("start", "hide=<script>alert(1)</script>&model=[a](http://foreign.example)"),
    ("map", "model=couplets-tang"),
    ("map", "model=<img src=x onerror=alert(1)>"),
    ("map", "model=ae-digits-2&x=z₁&x=inf&classes=:material/skull:&draw=true&drawing=MzGa"),
    ("map", "model=~nobody"),
    ("map", "model=vae-digits-2&data=![x](http://foreign.example/x.png)"),
    ("generate", "model=cvae-digits-2&z1=1e999&label=$x^2$&draw=inf&through=x"),
    ("generate", "model=/etc/passwd"),
    ("scores", "measure=&model=" + "x" * 300),
    ("verse", "verse=vae-mnist-2"),
    ("verse", "verse=/dev/zero"),
    ("verse", "poem=1e999&a_text=![x](http://foreign.example/x.png)&heat=nan&leaf=-1"),
    ("reconstruct", "model=vae-digits-2&show=by row&rows=" + "9" * 5000),
    ("reconstruct", "model=vae-digits-2&data=/dev/zero"),
    ("reconstruct", "model=vae-digits-2&data=http://foreign.example/x.npz"),
    ("interpolate", "model=vae-digits-2&a_from=Map&a_at=1e308 nan&b_from=Drawing&stop=" + "9" * 5000),
    ("corrupt", "model=vae-digits-2&noise=&noise=&seed=inf&level=NaN&of=%00"),
    ("features", "model=sparse-kl-digits&data=%ED%A0%80&units=&sheet=1e400"),
    ("stack", "model=stacked-digits&pick=%E2%80%AEabc&images=-1"),
    ("anomaly", "model=vae-digits-2&data=[a](javascript:alert(1))&unseen=[a](javascript:alert(1))"),
    ("posterior", "model=vae-digits-2&q=1e308 1e308 1e308 1e308&which=1e999&drawn="),
    ("conditional", "model=cvae-digits-2&from=a drawing&drawing=" + "A" * 4000),
    ("sampling", "ae=1e300 1e300&vae=nan nan&again=inf&models=&sampled=around a place"),
    ("divergence", "p=&kl=&steps=7&mean=1e999&draw=inf&model=C:\\"),
]


@pytest.mark.browser
@pytest.mark.parametrize(("page", "query"), LINKS)
def test_a_browser_opens_any_link(visit: Visit, public_server: str, page: str, query: str) -> None:
    tab = visit(path_of(page, query), base=public_server)
    assert tab.locator("[data-testid=stException]").count() == 0
    assert tab.locator("h1").count() == 1 or tab.locator("[data-testid=stAlert]").count() == 1
    assert tab.locator("a[href*=foreign], a[href^=javascript], img[src*=foreign], img[src=x]").count() == 0
    assert "root:" not in tab.locator("body").inner_text()
    assert "inf" not in tab.url.lower().replace("drawing", "")


@pytest.mark.browser
def test_a_link_to_the_page_of_texts_opens_it(visit: Visit, public_server: str) -> None:
    tab = visit("map?model=couplets-collapsed", base=public_server)
    tab.get_by_role("link", name="Open it on “Poems from a code”").click()
    tab.wait_for_url("**/verse?verse=couplets-collapsed*")
    tab.get_by_role("heading", name="Poems from a code", level=1).wait_for()
    settle(tab)
    assert tab.locator(".vc-picker summary b").inner_text() == "couplets-collapsed"


ON_MNIST = {
    "stack": "stacked-mnist", "features": "sparse-kl-mnist", "hierarchy": "ladder-mnist", "conditional": "cvae-mnist-2",
}  # fmt: skip


@pytest.mark.parametrize("page", [*PAGES, *LESSONS])
@pytest.mark.usefixtures("no_data", "public")
def test_where_a_public_servers_data_would_be_is_not_said(page: str, open_page: Open, tmp_path: Path) -> None:
    app = open_page(page, model=ON_MNIST.get(page, "vae-mnist-2"))
    assert not app.exception
    assert not [said for _, said in strings(app) if str(tmp_path) in said]
    if page in ("reconstruct", "verse"):
        assert any("not in the data folder" in said for _, said in strings(app))
