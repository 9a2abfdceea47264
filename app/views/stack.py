"""Stack: what each layer of a stacked autoencoder keeps, how it was trained, and the classifier on top."""

import numpy as np
import streamlit as st

from app.components.plot import plot
from app.controls import behind, choices
from app.figures import curves, sprites
from app.figures.curves import Leg
from app.markup import exhibits, strips
from app.markup.exhibits import Ballot
from app.results import picks, stacks
from app.results.data import Pictures, chosen_pictures
from app.results.stacks import Layers, Stage
from app.session import state
from app.session.plain import plain
from app.session.state import Model
from vaecore.serving import Explorer

VOTES = 3  # of the likeliest classes
UNKNOWN = "\N{EN DASH}"


def choose(own: Explorer, model: Model, found: Pictures) -> np.ndarray:
    """Draw the choice of images; return their rows."""
    known, can_vote = stacks.known_labels(own, found), "classify" in own.abilities
    ways = [way for way in picks.DOUBTS if way == "random" or (can_vote and (known is not None or way != "wrong"))]
    way = choices.one("Show", ways, "pick", "random")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = ["any", *found.names] if found.labels is not None else ["any"]
        name = st.selectbox("Class", names, key="of", bind="query-params", width=110)
        count = st.slider("Images", 4, 16, 10, key="images", bind="query-params", width=150)
        rows = picks.members(found.labels, names.index(name) - 1 if name != "any" else None, len(found.images))
        if way == "random":
            seed = st.number_input("Seed", 0, 9999, 0, key="seed", bind="query-params", width=90)
            st.button("Draw again", icon=":material/casino:", on_click=redraw)
            return picks.draw(rows, count, seed)
    return picks.doubtful(rows, stacks.votes(model, found), known, way, count)


def redraw() -> None:
    """Take the next seed."""
    st.session_state["seed"] = (st.session_state["seed"] + 1) % 10000


def titles(found: Pictures, rows: np.ndarray) -> list[str]:
    """Write the class and the row of each image."""
    if found.labels is None:
        return [str(row) for row in rows]
    return [f"{found.names[found.labels[row]]}\n{row}" for row in rows]


def layers(own: Explorer, found: Pictures, rows: np.ndarray, made: Layers) -> str:
    """Return the originals, what the code of each layer reconstructs, and what all together do."""
    title = "Decoded" if found.source.trouble else "Originals"
    shown = [strips.row(title, sprites.pixels(found.images[rows]), titles(found, rows), "x", "class, row")]
    shown += [
        strips.row(f"Layer {depth}", sprites.pixels(images), errors(each), "z", f"{width} numbers")
        for depth, (images, each, width) in enumerate(
            zip(made.images, made.errors, stacks.widths(own), strict=True), start=1
        )
    ]
    if made.tuned:
        images, each = made.tuned
        note = f"{own.latent} numbers"
        shown.append(strips.row("Tuned together", sprites.pixels(images), errors(each), "reconstruction", note))
    return "".join(shown)


def errors(values: np.ndarray) -> list[str]:
    """Write squared errors under their images."""
    return [f"{value:.1f}" for value in values]


def about_layers(made: Layers) -> str:
    """Say what the rows are."""
    rows = (
        "Each layer is as it was when it had learned alone, so errors grow on the way down; then all were tuned "
        "together for the image itself."
        if made.tuned
        else "Only the deepest code was tuned to give the image back; the layers below it now serve the ones above, "
        "so their own pictures may be worse."
    )
    return f"Under each reconstruction: its squared error, summed over the pixels. {rows}"


def ballot(own: Explorer, found: Pictures, row: int, votes: np.ndarray, label: int | None) -> Ballot:
    """Return what the classifier says of one image."""
    order = stacks.likeliest(votes, VOTES, label)
    best = order[0]
    name = found.names[found.labels[row]] if found.labels is not None else "image"
    verdict = "" if label is None else "right" if best == label else f"taken for {own.classes[best]}"
    return Ballot(
        f"{name} · {row}",
        sprites.pixels(found.images[row : row + 1])[0],
        verdict,
        None if label is None else best == label,
        [(own.classes[each], float(votes[each]), sprites.class_color(each)) for each in order],
    )


def classifier(own: Explorer, model: Model, found: Pictures, rows: np.ndarray) -> None:
    """Draw the classifier's test error and its probabilities for the chosen images."""
    st.subheader("The classifier on top")
    if "classify" not in own.abilities:
        st.info(
            f"{plain(own.name)} has no classifier on top: its recipe asks for none, or its images have no labels.",
            icon=":material/info:",
        )
        return
    votes, known = stacks.votes(model, found), stacks.known_labels(own, found)
    first, second = st.columns([1, 3], vertical_alignment="center")
    if known is not None:
        wrong, share = stacks.mistakes(votes, known)
        first.metric("Error on decoded images" if found.source.trouble else "Test error", f"{share:.2%}")
        second.caption(
            f"{wrong:,} of {len(known):,} images are put into the wrong class. Each bar is a probability; what an "
            "image really is stands above it, with its row. “wrong” above shows the mistakes, the surest first."
        )
    else:
        st.caption(
            f"These images have no labels among {plain(own.name)}'s classes: nothing says which votes are right."
        )
    cards = [ballot(own, found, int(row), votes[row], None if known is None else int(known[row])) for row in rows]
    st.html(exhibits.ballots(cards))


def training(own: Explorer) -> None:
    """Draw the stages of the training: the errors as they fell, and a table."""
    st.subheader("Stage by stage")
    found = stacks.stages(own)
    if not found:
        st.caption(f"The card of {plain(own.name)} does not say how its stages went.")
        return
    drawn = [Leg(stage.short, stage.history, stage.variable) for stage in found if stage.history is not None]
    left, right = st.columns([1.2, 1], gap="medium", vertical_alignment="center")
    if drawn:
        with left:
            plot(curves.legs(drawn, own.card["measured_on"]), "legs")
    with right if drawn else left:
        st.html(strips.table("", ("epochs", "seconds", "squared error", "wrong class"), [written(s) for s in found]))
    st.caption(
        "A layer alone learns to restore what it reads, with noise put on it: the first reads pixels, the next ones "
        "read codes, so errors compare within one colour only. The squared error in the table is always that of the "
        f"image, by the layers trained so far, right after the stage. Both are of the {own.card['measured_on']} images."
    )


def written(stage: Stage) -> tuple[str, str, list[str]]:
    """Write a stage as a row of the table."""
    return (
        stage.name,
        stage.variable,
        [
            str(stage.epochs) if stage.epochs is not None else UNKNOWN,
            f"{stage.seconds:,.0f}",
            f"{stage.squared_error:.2f}" if stage.squared_error is not None else UNKNOWN,
            f"{stage.classification_error:.2%}" if stage.classification_error is not None else UNKNOWN,
        ],
    )


@st.fragment
def page() -> None:
    """Draw the page; a control reruns no more than this."""
    model = state.chosen()
    own = model.explorer
    found = chosen_pictures()
    rows = choose(own, model, found)
    if len(rows) == 0:
        st.info("There is no such image here; choose another class or another way.")
    else:
        made = stacks.layers(model, found, rows)
        st.html(layers(own, found, rows, made))
        st.caption(about_layers(made))
        classifier(own, model, found, rows)
    training(own)
    behind.show(
        f"rows = {rows.tolist()}",
        "for made in serving.units.layers(explorer, tests.images[rows]):",
        "    print(((made - tests.images[rows]) ** 2).sum((1, 2, 3)))",
    )


st.title("Layer by layer")
strips.lead(
    "Each layer first learned alone to rebuild the codes below it. Then all learned together, and a classifier was put "
    "on top. Go down the rows: what does each code keep? Then show the wrong ones: would you have known better?"
)
page()
