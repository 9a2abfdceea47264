"""Map: the codes of the test images, beside PCA and t-SNE of the same images."""

import io

import numpy as np
import streamlit as st

from app import results, state, strips
from app.components import maps
from app.components.blobs import BLOBS
from app.components.maps import Atlas, Decoding, Map
from app.results import MIDDLE
from app.state import Model
from vaecore import serving
from vaecore.serving import Explorer, LatentMap

COLUMNS = 50  # images in a row of the sheet


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


def score(laid: LatentMap, key: str, x: int, y: int) -> list[tuple[str, str]]:
    """Return a map's scores; those of a code of more than two numbers are of all of them, and it says so."""
    values, latent = laid.scores[key], laid.codes.shape[1]
    whole = key == "codes" and latent > 2
    scope = f", all {latent}" if whole else ""
    rows = [(f"trustworthiness{scope}", f"{values['trustworthiness']:.3f}")]
    if laid.labels is not None:
        rows.append((f"5-neighbour accuracy{scope}", f"{values['neighbours']:.3f}"))
        if whole:
            rows.append(("of these two", f"{serving.plane_accuracy(laid, x, y):.3f}"))
    return rows


def table(laid: LatentMap) -> bytes:
    """Write the codes as CSV: row of the test set, class, one column per dimension."""
    labels = np.full(len(laid.codes), -1) if laid.labels is None else laid.labels
    header = ",".join(["row", "class", *(f"z{i + 1}" for i in range(laid.codes.shape[1]))])
    columns = np.column_stack([laid.index, labels, laid.codes])
    buffer = io.StringIO()
    formats = ["%d", "%d", *["%.6g"] * laid.codes.shape[1]]
    np.savetxt(buffer, columns, fmt=formats, delimiter=",", header=header, comments="")
    return buffer.getvalue().encode()


def decoding(model: Model, own: Explorer, plane: tuple[int, int]) -> Decoding | None:
    """Return what the page needs to decode the place under the pointer."""
    decoder = results.decoder(model)
    if decoder is None:
        return None
    return Decoding(decoder, results.quantiles(model)[MIDDLE], plane, "condition" in own.abilities)


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
    axes = (strips.subscript("z", x), strips.subscript("z", y))
    sheet = results.map_sheet(model, COLUMNS)
    maps.maps(
        [
            Map(f"Codes of {own.name}", laid.codes[:, [x, y]], score(laid, "codes", x, y), axes),
            Map("PCA of the same images", laid.pca, score(laid, "pca", x, y)),
            Map("t-SNE of the same images", laid.tsne, score(laid, "tsne", x, y)),
        ],
        laid.index, laid.labels, names, focus, own.shape,
        None if sheet is None else Atlas(BLOBS.put(sheet[0], "image/png"), COLUMNS, made=sheet[1]),
        decoding(model, own, (x, y)),
        own.standard_prior and x != y,
    )  # fmt: skip
    st.caption(
        "Trustworthiness: of the neighbours on the map, how many are neighbours as images (1 is all). "
        "5-neighbour accuracy: how often five neighbours on the map vote for the right class. "
        "A code of more than two numbers is scored whole. "
        "The maps open on the middle 99 % of their points; zoom out for the others."
    )
    st.download_button(
        "Codes as CSV", lambda: table(laid), f"{own.name}-codes.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


st.title("Map")
strips.lead(
    "Every dot is a test image at the place of its code. Move over the first map and watch what each place decodes to; "
    "then draw a lasso around the border of two colours."
)
page()
