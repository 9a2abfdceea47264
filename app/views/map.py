"""Map: the codes of the test images, beside PCA and t-SNE of the same images."""

import io

import numpy as np
import streamlit as st

from app import charts, results, state, strips
from app.state import Model
from vaecore import serving
from vaecore.serving import LatentMap

CHART = {"displaylogo": False, "modeBarButtons": [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]]}


def choose_axes(model: Model, latent: int) -> tuple[int, int]:
    """Return the two dimensions to show; a code of two needs no choice."""
    if latent <= 2:
        return 0, latent - 1
    with st.container(horizontal=True):
        names = [strips.subscript("z", index) for index in range(latent)]
        first, second, *_ = results.used_first(model)
        x = st.selectbox("Across", names, first, key="x", bind="query-params", width=120)
        y = st.selectbox("Up", names, second, key="y", bind="query-params", width=120)
    return names.index(x), names.index(y)


def choose_classes(names: tuple[str, ...]) -> list[int]:
    """Return the classes to bring out; none means all."""
    strips.paint_pills("classes", len(names))
    chosen = st.pills(
        "Bring out classes", names, selection_mode="multi", key="classes", bind="query-params",
        help="The others fade but stay.",
    )  # fmt: skip
    return [names.index(name) for name in chosen]


def score(laid: LatentMap, key: str, x: int, y: int) -> str:
    """Write a map's scores under it; those of a code of more than two numbers are of all of them, and it says so."""
    values, latent = laid.scores[key], laid.codes.shape[1]
    whole = key == "codes" and latent > 2
    scope = f", all {latent}" if whole else ""
    rows = [(f"trustworthiness{scope}", f"{values['trustworthiness']:.3f}")]
    if laid.labels is not None:
        rows.append((f"5-neighbour accuracy{scope}", f"{values['neighbours']:.3f}"))
        if whole:
            rows.append(("of these two", f"{serving.plane_accuracy(laid, x, y):.3f}"))
    return strips.facts(rows)


def table(laid: LatentMap) -> bytes:
    """Write the codes as CSV: row of the test set, class, one column per dimension."""
    labels = np.full(len(laid.codes), -1) if laid.labels is None else laid.labels
    header = ",".join(["row", "class", *(f"z{i + 1}" for i in range(laid.codes.shape[1]))])
    columns = np.column_stack([laid.index, labels, laid.codes])
    buffer = io.StringIO()
    formats = ["%d", "%d", *["%.6g"] * laid.codes.shape[1]]
    np.savetxt(buffer, columns, fmt=formats, delimiter=",", header=header, comments="")
    return buffer.getvalue().encode()


@st.fragment
def page() -> None:
    """Draw the three maps."""
    model, own = state.chosen()
    try:
        laid = results.latent_map(model)
    except ValueError as error:
        st.warning(strips.sentence(str(error)), icon=":material/info:")
        return
    if st.session_state["data"] != own.dataset:
        st.info(f"The map is of {own.dataset}, the images that the model knows.", icon=":material/info:")
    names = tuple(own.classes)
    x, y = choose_axes(model, own.latent)
    focus = choose_classes(names) if laid.labels is not None else []
    plane = laid.codes[:, [x, y]]
    maps = [
        ("codes", f"Codes of {own.name}", plane, (strips.subscript("z", x), strips.subscript("z", y))),
        ("pca", "PCA of the same images", laid.pca, None),
        ("tsne", "t-SNE of the same images", laid.tsne, None),
    ]
    for column, (key, title, points, axes) in zip(st.columns(3), maps, strict=True):
        with column:
            st.markdown(f"**{title}**")
            figure = charts.scatter(points, laid.labels, laid.index, names, focus, axes)
            st.plotly_chart(figure, config=CHART, key=f"map-{key}")
            st.html(score(laid, key, x, y))
    st.caption(
        "Trustworthiness: of the neighbours on the map, how many are neighbours as images (1 is all). "
        "5-neighbour accuracy: how often five neighbours on the map vote for the right class. "
        "A code of more than two numbers is scored whole. "
        "Zoom with the buttons above a map; a few outliers start outside."
    )
    st.download_button(
        "Codes as CSV", lambda: table(laid), f"{own.name}-codes.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


st.title("Map")
strips.lead(
    "Every dot is a test image at the place of its code. Bring out two digits that people confuse, "
    "such as 4 and 9: which of the three maps tells them apart?"
)
page()
