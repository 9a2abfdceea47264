"""What is behind a page: the objective's equation, its very source, and what the page shows once more, as a program."""

import shlex

import streamlit as st
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

from app.markup import strips
from app.server.options import OPTIONS
from app.session import state
from vaecore import serving
from vaecore.serving import Explorer

IMPORTS = ("import numpy as np", "import vaecore", "from vaecore import lessons", "from vaecore import serving")


def show(*lines: str, images: bool = True, data: str = "", model: str = "", command: str = "") -> None:
    """Draw it below a page: ``lines`` go on from ``explorer``, the chosen model, and ``tests``, the chosen images.

    Others may be named, or no images loaded. The command is one of ``vaecore``; by default the model's measurement.
    """
    box = _box("behind", "Behind this page: the equation, its code, the same in Python")
    if not box.open:
        return
    shown = state.find(model) if model else state.chosen()
    own, place = shown.explorer, shown.place if OPTIONS.public else shown.folder or shown.place
    data = data or (state.images() if images else "")
    with box:
        objective = serving.objectives.objective(own)
        st.html(strips.equation(own.equation) + strips.words(own.source))
        st.caption(f"The objective, as `{objective.place}` has it:")
        st.code(objective.source, "python")
        st.caption("What this page shows, in Python:")
        st.code(program(place, data, lines, shown.at), "python")
        st.caption("On the command line:")
        st.code(command or shlex.join(["vaecore", "evaluate", place]), "bash")


def compute(*lines: str) -> None:
    """Draw the program below a part of a page that needs no model."""
    box = _box("behind-numbers", "Behind these numbers: the same in Python")
    if box.open:
        box.code(program("", "", lines), "python")


def _box(name: str, title: str) -> ExpanderContainer:
    """Return what opens at a press, and is empty until then: what shows code is a megabyte and a half of scripts."""
    return st.container(key=name).expander(title, icon=":material/code:", key=f"{name} open", on_change="rerun")


def program(model: str, data: str, lines: tuple[str, ...], at: int | None = None) -> str:
    """Write a program that loads a model and images, where they are named, and goes on with some lines."""
    epoch = "" if at is None else f", at={at}"
    loads = [f"explorer = vaecore.load({model!r}{epoch})"] if model else []
    loads += [f"tests = vaecore.dataset({data!r})"] if data else []
    body = "\n".join([*loads, *lines])
    used = [each for each in IMPORTS if f"{each.split()[-1]}." in body]
    return "\n".join([*used, "", body])


def image(row: int, kind: str = "images") -> str:
    """Write the image of one row, or its label, as a batch."""
    return f"tests.{kind}[{row} : {row + 1}]"


def labels(own: Explorer, rows: str = "[rows]") -> str:
    """Write the argument that a conditional model needs with its images."""
    return f", labels=tests.labels{rows}" if "condition" in own.abilities else ""
