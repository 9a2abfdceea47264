"""A recipe's settings as a form, each control by the type and the bounds of its field."""

import json
from typing import Any

import streamlit as st

from app.server.options import OPTIONS
from app.session import state
from app.session.plain import plain
from vaecore import jobs

WIDTH = 168  # pixels of a control
FIRST = ("latent", "hidden", "beta", "epochs", "batch", "learning_rate")  # what is asked most, and so stands above
PARTS = {"model": "More of the model", "training": "More of the training"}


def settings(recipe: str) -> dict[str, Any]:
    """Draw the form of a recipe; return the fields that were changed, as ``vaecore.train`` takes them."""
    fields = {field.name: field for field in jobs.fields(recipe)}
    first = [fields[name] for name in FIRST if name in fields]
    said: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        said |= {field.name: _control(recipe, field) for field in first}
    for part, title in PARTS.items():
        rest = [field for field in fields.values() if field.part == part and field not in first]
        with st.expander(title), st.container(horizontal=True, vertical_alignment="bottom"):
            said |= {field.name: _control(recipe, field) for field in rest}
    return {name: value for name, value in said.items() if value != fields[name].value}


def _control(recipe: str, field: jobs.Field) -> Any:  # noqa: ANN401  of the field's type
    """Draw the control of a field; return what it says, in the type of the recipe's own value."""
    title, key, about = field.name.replace("_", " "), f"{recipe} {field.name}", plain(field.about)
    match field.kind:
        case "choice":
            return st.selectbox(
                title, field.choices, field.choices.index(field.value), key=key, help=about, width=WIDTH
            )
        case "switch":
            return st.toggle(title, field.value, key=key, help=about, width=WIDTH)
        case "whole":
            low, high = (None if end is None else int(end) for end in (field.low, field.high))
            return st.number_input(title, low, high, int(field.value), 1, key=key, help=about, width=WIDTH)
        case "number":
            return st.number_input(
                title, _real(field.low), _real(field.high), float(field.value), float(field.value) / 10 or 0.1, "%g",
                key=key, help=about, width=WIDTH,
            )  # fmt: skip
    said = st.text_input(title, _said(field), key=key, help=about, width=WIDTH, placeholder="none")
    return field.value if said == _said(field) else _meant(said, field.kind == "numbers")


def _real(end: float | None) -> float | None:
    return None if end is None else float(end)


def _said(field: jobs.Field) -> str:
    """Return a value as its control shows it."""
    if field.kind == "numbers":
        return ", ".join(f"{each:g}" for each in field.value)
    return "" if field.value is None else str(field.value)


def _meant(said: str, several: bool) -> Any:  # noqa: ANN401  what JSON says
    """Return what a text says; what is no JSON stays a word, which the recipe refuses or not."""
    if not said.strip():
        return [] if several else None
    try:
        return json.loads(f"[{said}]" if several else said)
    except ValueError:
        return said


def data() -> str:
    """Draw the choice of the images to train on; return their name, or their path on a server of one's own."""
    options = [*jobs.datasets(), *state.uploads()]
    typed = st.session_state.get("on") or st.query_params.get("on")
    if typed and typed not in options and state.data_path(typed) is not None:
        options = [*options, typed]
    state.keep_valid("on", options, "digits")
    chosen = st.selectbox(
        "Images", options, options.index("digits"), key="on", bind="query-params", width=230, format_func=plain,
        accept_new_options=not OPTIONS.public,
        help=None if OPTIONS.public else "Or type a path of your own: a folder or a zip of pictures, an .npz, a .txt.",
    )  # fmt: skip
    return chosen or "digits"


def recipe(names: list[str]) -> str:
    """Draw the choice among the recipes that fit; at first it is the VAE with a plane of codes, where there is one."""
    usual = next((name for name in names if name.startswith("vae-")), names[0])
    state.keep_valid("recipe", names, usual)
    return st.selectbox(
        "Recipe", names, names.index(usual), key="recipe", bind="query-params", width=230,
        help="How a model that ships was trained; every setting of it can be changed.",
    )  # fmt: skip
