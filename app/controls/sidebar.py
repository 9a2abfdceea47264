"""The sidebar: which model, which images; both stay in the URL on every page."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from app.markup import gallery, strips
from app.pages import PAGES, Page, file_of
from app.results import brought, catalogue, exports, picks
from app.results.data import Pictures, chosen_pictures
from app.server.options import OPTIONS
from app.session import state
from app.session.plain import flat, plain
from vaecore import serving
from vaecore.serving import Explorer

# What a model's choice decides anew: keeping it would ask the next model for what it may not have.
FOLLOWS_MODEL = ("data", "k", "x", "y", "classes", "label", "told", "through", "lasso", "score", "epoch")


def show(page: Page) -> bool:
    """Draw the choosers; return whether a page has a model that it shows, and the images if it needs them."""
    st.session_state[state.STAND_IN] = st.session_state[state.AT] = None
    with st.sidebar:
        model = _choose_model()
    if model is None:
        st.info("Choose a model at the left. Where there is none yet, `vaecore train vae-digits-2` trains one.")
        return False
    try:
        own = state.find(model).explorer
    except ValueError as error:
        _explain(error, state.default_model())
        return False
    if "text" in own.abilities:
        elsewhere(f"{own.name} is a model of texts: this page shows models of images.", "verse", model)
        _offer_way_back(state.default_model())
        return False
    with st.sidebar:
        _choose_data(state.own_images(own), own.shape)
        below = st.empty()
        _describe(own)
    if not page.shows(own) and not _stand_in(page, own):
        return False
    try:
        if page.needs == "images":
            found = chosen_pictures()
            _report(found)
            if found.note:
                below.caption(plain(found.note))
    except ValueError as error:
        _explain(error, model)
        return False
    return True


def _stand_in(page: Page, own: Explorer) -> bool:
    """Have a page show another model than the chosen one, which it cannot show; return whether there is one."""
    name = standing_in(page, own)
    if name is None:
        st.info(f"{plain(own.name)} {page.lacks}, and no model at hand does. `vaecore train {page.fits}` trains one.")
        return False
    other = state.find(name).explorer
    why = f"{own.name} {page.lacks}. This page shows {name} instead."
    same = other.dataset == own.dataset
    st.session_state[state.STAND_IN] = state.StandIn(name, "" if same else state.own_images(other), why)
    return True


def standing_in(page: Page, own: Explorer) -> str | None:
    """Return the model that a page shows in place of one that it cannot: of the same data, or of data at hand."""
    found = {name: state.find(name).explorer for name in state.model_names()}
    fitting = [name for name, each in found.items() if page.shows(each)]

    def strangeness(name: str) -> tuple[bool, bool, bool]:
        data = found[name].dataset
        return catalogue.base_of(data) != catalogue.base_of(own.dataset), not serving.is_here(data), name != page.fits

    return min(fitting, key=strangeness, default=None)


def keep() -> None:
    """Remember the choice on a page that has no choosers: Streamlit forgets what is not drawn."""
    st.session_state[state.AT] = None
    for key in ("model", "data"):
        if key in st.query_params or key in st.session_state:
            read_url(key, None)
            st.session_state[key] = st.session_state[key]


def elsewhere(why: str, page: Literal["verse", "generate"], model: str) -> None:
    """Say why a page does not show the chosen model, and lead to one that does."""
    st.warning(plain(why), icon=":material/info:")
    key = "verse" if page == "verse" else "model"
    label = f"Open it on “{PAGES[page].title}”"
    st.page_link(file_of(page), label=label, icon=":material/arrow_forward:", query_params={key: model})


def _choose_model() -> str | None:
    read_url("model", state.default_model())
    model = st.session_state["model"]
    pick("model", model, [*map(state.Model, state.model_names()), *state.own_runs()], FOLLOWS_MODEL)
    write_url("model", model)
    return model


def pick(key: str, chosen: str | None, models: Iterable[state.Model], follows: Sequence[str] = ()) -> None:
    """Draw the choice of a model, which the address has under a key, as it has what follows the model and goes."""
    called = flat(Path(chosen).name if chosen and state.own_path(chosen) else chosen or "none", state.LONGEST)
    sets = [
        (name, [(kind, [each.place for each in found]) for kind, found in catalogue.by_kind(ranked)])
        for name, ranked in catalogue.by_set(models).items()
    ]
    own = "" if OPTIONS.public else "Enter opens the run in a folder of this path."
    with st.container(key=key):
        st.html(gallery.picker(key, called, sets, follows, own))


def _choose_data(own: str, size: tuple[int, int, int]) -> None:
    read_url("data", own)
    st.session_state["data"] = st.session_state["data"] or own
    path = "" if OPTIONS.public else "; type a path to look at your own (.npz, or a folder or zip of class folders)"
    named = (name for name, row in serving.DATASETS.items() if row.offers(size))
    data = st.selectbox(
        "Images",
        with_typed([own, *named, *brought.fitting(size)], "data"),
        key="data",
        accept_new_options=True,
        help=f"The model's own data set comes first. Others can be looked at where the image sizes agree{path}.",
    )
    write_url("data", None if data == own else data)


def with_typed(options: Sequence[str], key: str) -> list[str]:
    """Return the options and, if it is none of them, what was typed or came with the URL."""
    return [option for option in dict.fromkeys([*options, st.session_state[key]]) if option]


# ``bind="query-params"`` would do this, but then no link on a page could name another model:
# Streamlit 1.67 adds a bound parameter to the link's own and refuses to switch the page.
def read_url(key: str, default: str | None) -> None:
    """Take a choice from the URL where that has changed since it was written, by a link or by hand."""
    asked = st.query_params.get(key)
    if asked and asked != st.session_state.get(f"{key} in the URL"):
        if key == "model":
            _follow_model()
        st.session_state[key] = asked
    st.session_state.setdefault(key, default)


def write_url(key: str, value: str | None) -> None:
    """Let the address say what is chosen; None leaves it out."""
    st.session_state[f"{key} in the URL"] = value
    if value is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != value:
        st.query_params[key] = value


def _follow_model() -> None:
    for key in FOLLOWS_MODEL:
        st.session_state.pop(key, None)


def _describe(own: Explorer) -> None:
    st.html(
        strips.summary(own.summary)
        + strips.equation(own.equation)
        + strips.facts(
            [
                ("code", f"{own.latent} numbers"),
                ("image", state.size(own.shape)),
                ("weights", f"{own.card['parameters']:,}"),
            ]
        )
    )
    with st.expander("What it measured"):
        st.html(strips.facts(figures(own)))
    st.caption("The address bar holds all you choose: send it, and the same view opens.")


def figures(own: Explorer) -> list[tuple[str, str]]:
    """Return what a model's card measured, and of which images where they are no test images."""
    measured = serving.scores.labelled(own.card["metrics"]).items()
    found = [(label, text.replace("-", strips.MINUS)) for label, text in measured]
    split = serving.scores.split(own.card)
    return [*found, *([("measured on", f"{split} images")] if found and split != "test" else [])]


def _explain(error: ValueError, way_back: str | None) -> None:
    """Say what is wrong with the choice and offer a model with its own images; the names are in the choosers."""
    st.warning(strips.sentence(str(error).partition(" At hand: ")[0]), icon=":material/search_off:")
    _offer_way_back(way_back)


def _offer_way_back(model: str | None) -> None:
    if model:
        st.button(f"Open {plain(Path(model).name)} with its own images", on_click=open_model, args=(model,))


def _report(found: Pictures) -> None:
    """Say that a model's data set cannot be had, and offer one that always can."""
    if not found.source.trouble:
        return
    st.warning(
        f"{strips.sentence(found.source.trouble)} Until then this page works on images that {plain(found.maker)} "
        "decodes.",
        icon=":material/cloud_off:",
    )
    digits = next((name for name in state.model_names() if name.startswith("vae-digits")), None)
    if digits:
        st.button(f"Open {digits}, whose images are always here", on_click=open_model, args=(digits,))


def open_model(model: str) -> None:
    """Choose a model, from a button on a page."""
    _follow_model()
    st.session_state["model"] = model


def offer_page(model: state.Model) -> None:
    """Offer the model as a page to take away."""
    if exports.can_leave(model):
        st.download_button(
            "A page to take away", lambda: exports.page_of(model), f"{model.explorer.name}.html", "text/html",
            icon=":material/download:", on_click="ignore",
            help="One HTML file with the map, the sliders and a canvas to draw on; it works without a network.",
        )  # fmt: skip


def one_image(
    found: Pictures, widths: tuple[int | Literal["stretch"], int | Literal["stretch"]] = ("stretch", "stretch")
) -> int:
    """Draw the choice of a test image, by its class and its number there; return its row.

    Raises:
        ValueError: there is none of the class.
    """
    names = ["any", *found.names] if found.labels is not None else ["any"]
    state.keep_valid("of", names, "any")
    name = st.selectbox("Class", names, key="of", bind="query-params", width=widths[0])
    rows = picks.members(found.labels, names.index(name) - 1 if name != "any" else None, len(found.images))
    if len(rows) == 0:
        raise ValueError(f"there is no image of class {name} here; choose another")
    state.keep_valid("which", range(1, len(rows) + 1), 1)
    number = st.number_input(
        f"Which, of {len(rows):,}", 1, len(rows), 1, key="which", bind="query-params", width=widths[1]
    )  # fmt: skip
    st.button("Draw again", icon=":material/casino:", on_click=redraw, args=("which", 1, len(rows)))
    return int(rows[number - 1])


def redraw(key: str, first: int, last: int) -> None:
    """Put another number at random."""
    st.session_state[key] = picks.another(st.session_state[key], first, last)
