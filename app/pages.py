"""Every page and every lesson: a row each, from which the menu, the cards of Start, the README and the tests come."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vaecore.serving import Explorer

HERE = Path(__file__).parent
Idea = Callable[[Explorer], bool]


def of(*variants: str) -> Idea:
    """Return what tells whether a model is of these variants."""
    return lambda own: own.variant in variants


def fitted(own: Explorer) -> bool:
    """Return whether a model fitted a density on its codes."""
    return bool(getattr(own.recipe.settings, "density", 0))


@dataclass(frozen=True)
class Page:
    """A page that looks at the chosen model.

    Attributes:
        title: its name in the menu.
        text: what it is for, in a sentence.
        group: of the menu.
        icon: of links to it.
        needs: what must be there before it is drawn: a model and "images" that it can read; a "model" alone, or with it
            "images of its own" choice; a model of "texts".
        charts: whether it draws with the library of charts, which is then fetched early.
        idea: of which models it shows what they are for: their cards lead to it first.
        everyone: whether the card of every model leads to it.
        fits: a model of MNIST that it shows, where it does not show every one.
    """

    title: str
    text: str
    group: str = ""
    icon: str = ""
    needs: Literal["images", "images of its own", "model", "texts"] = "images"
    charts: bool = False
    idea: Idea = field(default_factory=of)
    everyone: bool = False
    fits: str = "vae-mnist-2"


@dataclass(frozen=True)
class Lesson:
    """A page that chooses its model itself.

    Attributes:
        title: its name in the menu.
        idea: what it is about, in a few words.
        question: what there is to do, and to find out.
    """

    title: str
    idea: str
    question: str


PAGES = {
    "start": Page("Start", "what is here: a picture of each model, its card in words and numbers", needs="model"),
    "reconstruct": Page(
        "Reconstruct",
        "test images or a drawing of your own, the model's reconstruction, PCA's at the same k, and where each errs",
        "Pictures",
        "compare",
        everyone=True,
    ),
    "map": Page(
        "Map",
        "the codes of all test images beside their PCA, t-SNE at five perplexities and UMAP: one image found on all of "
        "them, every place decoded under the pointer, a lasso with its gallery, a drawing whose code moves as it is "
        "drawn",
        "Pictures",
        "scatter_plot",
        "model",
        everyone=True,
    ),
    "interpolate": Page(
        "Interpolate",
        "three paths between two ends, each a test image, a drawing or a place of the map: straight, turning, and "
        "along the data; what real images are near each step; as a film to take home",
        "Pictures",
        "linear_scale",
        everyone=True,
    ),
    "generate": Page(
        "Generate",
        "a slider for each latent dimension, the class, the manifold of a plane to zoom into, all decoded while they "
        "are dragged; the same code through other models; random samples",
        "Pictures",
        "tune",
        "model",
        everyone=True,
    ),
    "conditional": Page(
        "Conditional",
        "one style in every class: of a digit that is drawn or picked, or drawn from the prior",
        "Pictures",
        "category",
        idea=of("cvae"),
        fits="cvae-mnist-2",
    ),
    "corrupt": Page(
        "Corrupt",
        "noise of a kind and level; what each model and PCA restore of it, and the curve of their errors",
        "Codes",
        "blur_on",
        charts=True,
        idea=of("denoising"),
    ),
    "features": Page(
        "Features",
        "what each unit of a first layer looks for, how often it is on, and which are on for this digit",
        "Codes",
        "grid_view",
        charts=True,
        idea=of("sparse-l1", "sparse-kl"),
        fits="sparse-kl-mnist",
    ),
    "sensitivity": Page(
        "Sensitivity",
        "the singular values of the encoder's Jacobian: which changes of an image the code feels, which it ignores",
        "Codes",
        "touch_app",
        charts=True,
        idea=of("contractive"),
    ),
    "stack": Page(
        "Stack",
        "what each layer's code reconstructs, the error stage by stage, the classifier at the end",
        "Codes",
        "layers",
        charts=True,
        idea=of("stacked"),
        fits="stacked-mnist",
    ),
    "anomaly": Page(
        "Anomaly",
        "images that the model has never seen the like of: ranked, with error maps and the ROC curve",
        "Codes",
        "troubleshoot",
        "images of its own",
        charts=True,
        idea=fitted,
    ),
    "posterior": Page(
        "Posterior",
        "under one picture, the true p(z|x) of a plane, the encoder's ellipse to scale, the flow's draws; an ellipse "
        "of one's own, its bound and its gap while it is dragged",
        "Probability",
    ),
    "rate": Page(
        "Rate and distortion",
        "one network at several prices of the rate; which units each price switches off",
        "Probability",
        "show_chart",
        charts=True,
        idea=of("beta-vae"),
    ),
    "hierarchy": Page(
        "Hierarchy",
        "what each layer of latents decides: its noise drawn again, all other noise kept",
        "Probability",
        "account_tree",
        charts=True,
        idea=of("hierarchical", "ladder"),
        fits="ladder-mnist",
    ),
    "scores": Page(
        "Scores",
        "every model's figures beside the papers', from the cards",
        "Probability",
        needs="model",
        charts=True,
    ),
    "verse": Page(
        "Verse",
        "a couplet from a draw, written anew while the sliders of its code move; a walk between two texts; the nearest "
        "training text beside each; what each dimension costs, and a model whose code collapsed",
        "Texts",
        needs="texts",
    ),
}

LESSONS = {
    "sampling": Lesson(
        "Sampling",
        "sampling",
        "To draw a new image, draw a code and decode it. Draw from N(0, I), then click into a hole of each map, then "
        "let a Gaussian be fitted: which model gives you what its test images look like?",
    ),
    "price": Lesson(
        "What the rate buys",
        "what the rate buys",
        "These models are alike but for β, what they must pay for a nat of rate. Raise it step by step and watch what "
        "each unit costs. Then say how many are left at the highest price, before you look.",
    ),
    "divergence": Lesson(
        "Forward and reverse KL",
        "forward and reverse KL",
        "One Gaussian q must stand for two modes. Fit it by hand, then let it descend either divergence: when does it "
        "cover both modes, when does it choose one, and who decides which?",
    ),
    "reparameterisation": Lesson(
        "Reparameterisation",
        "the reparameterisation trick",
        "To train an encoder one needs the gradient of E log p(x|z) over q, and has only samples. Raise their number: "
        "how many must the score function have before its cloud is as small as the pathwise one is with a single "
        "sample?",
    ),
    "subspace": Lesson(
        "PCA by descent",
        "PCA by descent",
        "A linear autoencoder finds what PCA finds, the slow way. Let the descent play, or take it step by step: when "
        "does its subspace become PCA's, and when do its directions?",
    ),
}


def file_of(name: str) -> str:
    """Return the script of a page or a lesson, beside the router; a page with parts of its own has a folder."""
    if name in LESSONS:
        return f"lessons/{name}.py"
    folder = HERE / "views" / name
    return f"views/{name}/{name}.py" if folder.is_dir() else f"views/{name}.py"


def in_groups(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names of pages by their group of the menu, both in the order of the table."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(PAGES[name].group, []).append(name)
    return groups


def opening(own: Explorer) -> list[str]:
    """Return the pages that a model's card leads to: that which shows what it is for, then those of everyone."""
    ideas = [name for name, page in PAGES.items() if page.idea(own)]
    return [*ideas[:1], *(name for name, page in PAGES.items() if page.everyone)]


def table() -> str:
    """Return the README's table of the pages, with all lessons in its last row."""
    ideas = ", ".join(lesson.idea for lesson in LESSONS.values())
    rows = [(page.title, page.text) for page in PAGES.values()]
    rows += [("Lessons", f"one idea each, with one thing to do: {ideas}")]
    written = (f"| {title} | {text.replace('|', chr(92) + '|')} |" for title, text in rows)
    return "\n".join(["| page | what it is for |", "|---|---|", *written])


if __name__ == "__main__":
    print(table())
