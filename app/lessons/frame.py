"""What every lesson has: its title, the model that it chooses, its place among the others, and its end."""

from collections.abc import Sequence

import streamlit as st

from app.markup import strips
from app.pages import LESSONS
from app.session import state


def contents(pages: Sequence) -> None:
    """Draw the list of the lessons where other pages have their choosers."""
    with st.sidebar:
        st.markdown("**Lessons**")
        for number, page in enumerate(pages, start=1):
            st.page_link(page, label=f"{number}. {page.title}")
        st.caption(
            "One idea each, on a real model, with one thing to do. The address bar holds all you choose: send it, and "
            "the same view opens."
        )


def begin(name: str, models: Sequence[str]) -> None:
    """Write a lesson's title and what there is to find out; on a phone, its models too."""
    st.title(LESSONS[name].title)
    strips.lead(LESSONS[name].question, models)


def at_hand(*names: str) -> bool:
    """Return whether all models that a lesson needs are there; say which is missing otherwise."""
    missing = [name for name in names if name not in state.model_names()]
    if missing:
        st.info(
            f"This lesson needs {missing[0]}, which is not at hand: `vaecore train {missing[0]}` trains it.",
            icon=":material/school:",
        )
    return not missing


def saw(text: str) -> None:
    """Write what is to be seen on the page as it is now."""
    st.subheader("What you saw", anchor=False)
    with st.container(width=760):
        st.markdown(text)
