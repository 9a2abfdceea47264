"""Training in the page: what it trains on, the script that trains, and the settings that the address keeps."""

from collections.abc import Sequence

import streamlit as st

from app.components.files import register
from app.components.heard import heard
from app.session.blobs import BLOBS
from vaecore import serving

KEY, TURN, ASKED, BEGUN = "trainer", "trainer turn", "trainer asked", "trainer begun"  # of the session
KEYS = (
    "set", "objective", "hidden", "latent", "activation", "rate", "batch", "seed",
    "beta", "noise", "level", "sparsity", "activity", "contraction", "annealing", "climb", "twin", "speed",
)  # fmt: skip
LONGEST = 120  # characters of a setting
BYTES, SCRIPT = "application/octet-stream", "text/javascript"
_train = register("trainer", "train")


def settings() -> dict[str, str]:
    """Return the settings that the page told last, or else those of the address."""
    asked = st.session_state.get(ASKED, st.query_params)
    return {key: asked[key] for key in KEYS if key in asked}


def begin(name: str) -> None:
    """Have the page begin anew, with a set."""
    st.session_state[ASKED] = {"set": name}
    st.session_state[BEGUN] = st.session_state.get(BEGUN, 0) + 1


def _key() -> str:
    return f"{KEY} {st.session_state.get(BEGUN, 0) or ''}".rstrip()


def trainer(sets: Sequence[serving.trainer.Offered]) -> None:
    """Draw what trains in the page; whatever starts anew is then in the address."""
    known = settings()
    data = serving.trainer.told(sets, BLOBS.put(serving.trainer.script().encode(), SCRIPT), _address) | {
        "settings": known,
        "turn": st.session_state.get(TURN, 0),
    }
    if ASKED in st.session_state and known != {key: st.query_params.get(key) for key in KEYS if key in st.query_params}:
        for key in KEYS:
            st.query_params.pop(key, None)
        st.query_params.update(known)
    _train(data=data, key=_key(), on_kept_change=_take)


def _address(own: serving.trainer.Offered) -> str | None:
    return None if own.sheet is None else BLOBS.put(own.sheet.data, BYTES)


def _take() -> None:
    """Keep what the page told."""
    told = heard(_key(), "kept", lambda said: (dict(said["settings"]), int(said["turn"])))
    if told is not None:
        words = {key: value for key, value in told[0].items() if isinstance(value, str)}
        st.session_state[ASKED] = {key: word[:LONGEST] for key, word in words.items() if key in KEYS and word}
        st.session_state[TURN] = told[1]
