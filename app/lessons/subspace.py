"""PCA as the linear autoencoder: descent finds the subspace, and never the directions."""

import streamlit as st

from app.components.plot import plot
from app.controls import behind, sidebar
from app.controls.player import fragment, player
from app.figures import sketches, sprites
from app.lessons import frame
from app.markup import formulas, strips
from app.markup.formulas import Term, number
from app.results import subspaces
from app.results.subspaces import STEPS
from vaecore.lessons import Snapshot

SHOWN = 10  # test images in a row
KEY = "step"


def choose_start() -> list[Snapshot]:
    """Draw the choice of a random start; return the descent from there."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input("Random start", 0, subspaces.SEEDS - 1, 0, key="start", bind="query-params", width=130)
        st.button(
            "Another start", icon=":material/casino:", on_click=sidebar.redraw, args=("start", 0, subspaces.SEEDS - 1)
        )
    return subspaces.descent(seed)


def plots(path: list[Snapshot], at: int) -> None:
    """Draw the angles and the error on their way."""
    left, right = st.columns(2, gap="large")
    with left:
        st.html(strips.heading("Angles to PCA's subspace", "z", "degrees; the largest is bold"))
        figure = sketches.unfolding(subspaces.angles(path), STEPS, at, "degrees", "z", 0.0)
        plot(figure, "angles")
    with right:
        st.html(strips.heading("Squared error", "reconstruction", "dotted: PCA's, the least there is"))
        figure = sketches.unfolding(
            subspaces.errors(path)[None], STEPS, at, "squared error", "reconstruction", subspaces.least()
        )
        plot(figure, "errors")


def equation(now: Snapshot) -> str:
    """Return the error as the sum of what PCA leaves out, and what the descent still has to go."""
    least = subspaces.least()
    return formulas.formula(
        [
            Term("E‖x − BAx‖²", number(now.error, 3), "reconstruction", "over the training digits"),
            "=",
            Term("λₖ₊₁ + … + λₙ", number(least, 3), "baseline", "the eigenvalues that PCA leaves out"),
            "+",
            Term("excess", number(now.error - least, 3), "error", "what is left to go"),
            "at",
            Term("θ₁ … θₖ", f"{now.angles[0]:.1f}° … {now.angles[-1]:.1f}°", "z", "angles between the subspaces"),
        ]
    )


def gallery(now: Snapshot) -> str:
    """Return the directions, and what both make of the same digits."""
    found, images = subspaces.pair(now), subspaces.test_images(SHOWN)
    top = sprites.reach(found.components)
    pca, descent = subspaces.reconstructions(now, images)
    rows = [
        ("PCA's directions", sprites.signed(found.components, top), "baseline", "orthogonal, in order"),
        ("The decoder's", sprites.signed(found.columns, top), "z", "its own columns"),
        ("Turned", sprites.signed(found.turned, top), "z", "PCA's, as far as they lie in its subspace"),
        ("Test digits", sprites.pixels(images), "x", ""),
        ("By PCA", sprites.pixels(pca), "baseline", ""),
        ("By descent", sprites.pixels(descent), "reconstruction", f"after {now.step} steps"),
    ]
    return "".join(strips.row(title, cells, (), variable, note) for title, cells, variable, note in rows)


def conclusion(path: list[Snapshot], now: Snapshot) -> str:
    """Say what the descent has found by now."""
    least, first = subspaces.least(), subspaces.found_at(path)
    excess, likeness = now.error / least - 1, subspaces.likeness(now)
    where = f"After **{now.step} steps** the largest angle is **{now.angles[0]:.1f}°** and the error lies "
    where += f"**{excess:.1%}** above PCA's. " if excess >= 0.0005 else "less than 0.1% above PCA's. "
    if now.angles[0] < subspaces.FOUND:
        said = (
            "The subspace is found. The directions are not: a decoder's column and the component that it is most like "
            f"have a cosine of **{likeness:.2f}** on average: BM and M⁻¹A give the same images for every invertible M. "
            "Projected onto its span, PCA's directions are all there."
        )
    elif now.step:
        said = "Directions in which the digits vary most are found first: the angles fall one after the other."
    else:
        said = "A random subspace is nearly at right angles to the principal one."
    when = f" From this start it takes {first} steps." if first is not None and now.step < first else ""
    shipped = subspaces.shipped()
    return (
        f"{where}{said}{when}\n\n{subspaces.SHIPPED}, which learned by batches, ended **{shipped.angle:.1f}°** from "
        f"PCA's subspace, at {shipped.error:.3f} on the test digits beside PCA's {shipped.pca_error:.3f}."
    )


def show_program(now: Snapshot, seed: int) -> None:
    """Show the program that descends as far, and measures the model that ships."""
    behind.show(
        f"scatter = lessons.training_scatter({subspaces.DATA!r})",
        f"(now,) = lessons.descend_linear(scatter, explorer.latent, [{now.step}], {seed})",
        "least = np.linalg.eigvalsh(scatter.covariance)[: -explorer.latent].sum()",
        "print(now.error, least, *now.angles[[0, -1]])",
        f"pca = vaecore.load({subspaces.PCA!r}).truncate(explorer.latent)",
        "print(lessons.angles(lessons.directions(explorer), lessons.directions(pca))[0])",
        images=False,
        model=subspaces.SHIPPED,
    )


def page() -> None:
    """Draw the page; a step reruns no more than this."""
    with st.container(border=True):
        left, right = st.columns([1, 1.8], gap="large", vertical_alignment="bottom")
        with left:
            path = choose_start()
        with right:
            at = STEPS.index(player(KEY, "Steps of gradient descent", STEPS))
    now = path[at]
    plots(path, at)
    st.html(equation(now))
    st.html(gallery(now))
    frame.saw(conclusion(path, now))
    show_program(now, st.session_state["start"])


frame.begin("subspace", (subspaces.SHIPPED, subspaces.PCA))
if frame.at_hand(subspaces.SHIPPED, subspaces.PCA):
    fragment(page, KEY)
