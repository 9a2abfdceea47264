"""A canvas to draw on: the strokes come to Python once each has ended, and stay in the address."""

import numpy as np
import streamlit as st

from app.components.files import register
from vaecore import serving

LONGEST = 4000  # characters of a drawing that an address carries past every proxy
HTML = """
<div class="pad">
  <canvas role="img"></canvas>
  <p class="hint" aria-hidden="true"></p>
  <div class="buttons">
    <button type="button" class="undo">Undo</button>
    <button type="button" class="clear">Clear</button>
  </div>
  <p class="said" role="status"></p>
</div>
"""
_canvas = register("drawing_canvas", HTML, "canvas")


def canvas(key: str, label: str) -> str:
    """Draw the canvas; return what is on it, packed, nothing where it is empty.

    A component's state is lost with its page: the session keeps the drawing under ``key``, the address does too.
    """
    packed = st.session_state.setdefault(key, st.query_params.get(key, ""))
    try:
        strokes = serving.unpack_drawing(packed)
    except ValueError:
        st.caption("The drawing in the address was cut short: the canvas is empty.")
        packed, strokes = "", []
    data = {"strokes": [stroke.tolist() for stroke in strokes], "label": label}
    changed = _canvas(data=data, key=f"{key} canvas", on_strokes_change=lambda: None).strokes
    if changed is not None:
        packed = serving.pack_drawing([np.array(stroke, dtype=np.float64) for stroke in changed])
    st.session_state[key] = packed
    if 0 < len(packed) <= LONGEST:
        st.query_params[key] = packed
    else:
        st.query_params.pop(key, None)
    return packed
