"""Every page and every lesson: a row each, from which the menu, Start, the README and the tests come."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vaecore import serving
from vaecore.serving import Explorer

HERE = Path(__file__).parent
Idea = Callable[[Explorer], bool]


def of(*variants: str) -> Idea:
    """Return what tells whether a model is of these variants."""
    return lambda own: own.variant in variants


def told(own: Explorer) -> bool:
    """Return whether a model is told the class."""
    return "condition" in own.abilities


def rated(own: Explorer) -> bool:
    """Return whether a model's code costs nats."""
    return "likelihood" in own.abilities


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
        needs: what must be there before it is drawn: a model and "images" that it can read; a "model" alone, or with it
            "images of its own" choice; a model of "texts"; or "nothing", where it chooses what it shows itself.
        idea: of which models it shows what they are for: Start opens them there.
        shows: which models it shows; of another it opens one that fits, and says so.
        lacks: what that other is, after its name, and so why it is not shown.
        fits: a model of MNIST that it shows.
    """

    title: str
    text: str
    group: str = ""
    needs: Literal["images", "images of its own", "model", "texts", "nothing"] = "images"
    idea: Idea = field(default_factory=of)
    shows: Idea = field(default_factory=lambda: lambda own: True)
    lacks: str = ""
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
    "start": Page("Start", "what people come to do, a click away; every model by data set and kind", needs="model"),
    "train_here": Page(
        "Train here",
        "an autoencoder that learns in the page; back in time, and on from there; twins with one difference",
        "Training",
        needs="nothing",
    ),
    "train": Page(
        "Train", "a run of your own: its settings, its loss, and its codes while they move", "Training", needs="nothing"
    ),
    "reconstruct": Page(
        "Squeeze and rebuild",
        "test images or a drawing of your own, the model's reconstruction, PCA's at the same k, and where each errs",
        "Pictures",
    ),
    "map": Page(
        "Map of the codes",
        "the codes of all test images beside their PCA, t-SNE at five perplexities and UMAP: one image found on all of "
        "them, every place decoded under the pointer, a lasso with its gallery, a drawing whose code moves as it is "
        "drawn",
        "Pictures",
        needs="model",
    ),
    "interpolate": Page(
        "Walk between pictures",
        "three paths between two ends, each a test image, a drawing or a place of the map: straight, turning, and "
        "along the data; what real images are near each step; as a film to take home",
        "Pictures",
    ),
    "generate": Page(
        "Pictures from sliders",
        "a slider for each latent dimension, the class, the manifold of a plane to zoom into, all decoded while they "
        "are dragged; the same code through other models; random samples",
        "Pictures",
        needs="model",
    ),
    "conditional": Page(
        "One style, every class",
        "one style in every class: of a digit that is drawn or picked, or drawn from the prior",
        "Pictures",
        idea=of("cvae"),
        shows=told,
        lacks="is never told the class, so that its code holds class and style in one",
        fits="cvae-mnist-2",
    ),
    "corrupt": Page(
        "Noise and repair",
        "noise of a kind and level; what each model and PCA restore of it, and the curve of their errors",
        "Codes",
        idea=of("denoising"),
    ),
    "features": Page(
        "What each unit sees",
        "what each unit of a first layer looks for, how often it is on, and which are on for this digit",
        "Codes",
        idea=of("sparse-l1", "sparse-kl"),
        shows=serving.units.has_filters,
        lacks="has no single layer of units whose weights are pictures of their own",
        fits="sparse-kl-mnist",
    ),
    "sensitivity": Page(
        "What a code notices",
        "the singular values of the encoder's Jacobian: which changes of an image the code feels, which it ignores",
        "Codes",
        idea=of("contractive"),
    ),
    "stack": Page(
        "Layer by layer",
        "what each layer's code reconstructs, the error stage by stage, the classifier at the end",
        "Codes",
        idea=of("stacked"),
        shows=of("stacked"),
        lacks="was trained in one go, not layer by layer",
        fits="stacked-mnist",
    ),
    "anomaly": Page(
        "Spot the stranger",
        "images that the model has never seen the like of: ranked, with error maps and the ROC curve",
        "Codes",
        needs="images of its own",
        idea=fitted,
    ),
    "posterior": Page(
        "Codes that fit a picture",
        "under one picture, the true p(z|x) of a plane, the encoder's ellipse to scale, the flow's draws; an ellipse "
        "of one's own, its bound and its gap while it is dragged",
        "Probability",
        shows=serving.posterior.in_plane,
        lacks="has no likelihood on a plane of codes, where a posterior can be seen whole",
    ),
    "rate": Page(
        "Short code or sharp picture",
        "one network at several prices of the rate; which units each price switches off",
        "Probability",
        idea=of("beta-vae"),
        shows=rated,
        lacks="has no prior, so that its code has no rate",
        fits="beta-vae-mnist-10",
    ),
    "hierarchy": Page(
        "Levels of a code",
        "what each layer of latents decides: its noise drawn again, all other noise kept",
        "Probability",
        idea=of("hierarchical", "ladder"),
        shows=of("hierarchical", "ladder"),
        lacks="has one level of latents",
        fits="ladder-mnist",
    ),
    "scores": Page(
        "All scores", "every model's figures beside the papers', from the cards", "Probability", needs="model"
    ),
    "verse": Page(
        "Poems from a code",
        "a couplet from a draw, written anew while the sliders of its code move; a walk between two texts; the nearest "
        "training text beside each; what each dimension costs, and a model whose code collapsed",
        "Texts",
        needs="texts",
    ),
}

LESSONS = {
    "sampling": Lesson(
        "Drawing new images",
        "sampling",
        "To make a new image, draw a code at random and decode it. A plain autoencoder and a VAE did: why can more of "
        "the VAE's digits be read? The maps show where their codes lie. Then draw in another way: what helps?",
    ),
    "price": Lesson(
        "The price of a code",
        "what the rate buys",
        "These models differ only in β, the price that they pay for a nat of rate. Raise it step by step and watch "
        "what each unit costs. Then guess, before you look: how many are left at the highest price?",
    ),
    "divergence": Lesson(
        "One Gaussian, two peaks",
        "forward and reverse KL",
        "One Gaussian, $q$, must stand in for two peaks. Fit it by hand, then let it walk downhill on either KL: when "
        "does it cover both peaks, when does it choose one, and what decides which?",
    ),
    "reparameterisation": Lesson(
        "Gradients through chance",
        "the reparameterisation trick",
        "Training an encoder takes the gradient of $E log p(x|z)$ over $q$, and there are only samples to find it "
        "from. Raise their number: how many does the score function need before its cloud is as small as the pathwise "
        "one's with a single sample?",
    ),
    "subspace": Lesson(
        "PCA, step by step",
        "PCA by descent",
        "A linear autoencoder finds what PCA finds, only slowly. Play the descent, or take it step by step: when is "
        "its subspace the same as PCA's, and when are its directions?",
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


def opening(own: Explorer) -> str:
    """Return the page that Start opens a model on: that which shows what it is for, or else what it keeps."""
    return next((name for name, page in PAGES.items() if page.idea(own)), "reconstruct")


def table() -> str:
    """Return the README's table of the pages, with all lessons in its last row."""
    ideas = ", ".join(lesson.idea for lesson in LESSONS.values())
    rows = [(page.title, page.text) for page in PAGES.values()]
    rows += [("Lessons", f"one idea each, with one thing to do: {ideas}")]
    written = (f"| {title} | {text.replace('|', chr(92) + '|')} |" for title, text in rows)
    return "\n".join(["| page | what it is for |", "|---|---|", *written])


if __name__ == "__main__":
    print(table())
