"""The words that a page does not explain itself: each opens its entry where it stands, the first time on a page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from app.markup.mathematics import inline

MARKED, BESIDE = "terms of this page", "terms beside it"  # in the session: where each word opens


@dataclass(frozen=True)
class Entry:
    """A word, and what it means in a sentence or two, with formulas between dollars.

    Attributes:
        text: for someone in their first year.
        forms: other ways to write it.
    """

    text: str
    forms: tuple[str, ...] = ()


GLOSSARY = {
    "active unit": Entry(
        "A number of the code that the model uses: its value differs from image to image. The others only repeat the "
        "prior.",
        ("active units", "units in use", "units are in use"),
    ),
    "AUROC": Entry(
        "Area under the ROC curve: how often a stranger scores higher than a normal image, if one of each is drawn. "
        "1 is always, 0.5 is guessing.",
        ("area under the curve",),
    ),
    "code": Entry(
        "The few numbers, $z$, that the encoder makes of an image. The decoder paints the image again from them alone.",
        ("codes",),
    ),
    "continuity": Entry(
        "Do images that are alike stay neighbours in the code? 1 if all do; less if the code tears some apart."
    ),
    "coverage": Entry(
        "The share of real images that have a sample close by. A low one means that whole kinds of images are never "
        "drawn."
    ),
    "decoder": Entry("The half of the network that paints an image from a code.", ("decodes", "decoded", "decode")),
    "density": Entry(
        "How crowded a place is. Of codes: how many lie about there. Of samples: how many real images are near one; "
        "real images themselves score about 1, and more is no merit."
    ),
    "distortion": Entry(
        "What the code leaves unsaid, in nats: the price of mending the decoded picture until it is the image. Less is "
        "a truer picture."
    ),
    "elbo": Entry(
        "“Evidence lower bound”: a number that $log p(x)$ is never below. Training a VAE raises it. It is minus the "
        "sum of distortion and rate, in nats."
    ),
    "encoder": Entry("The half of the network that reads an image and makes its code.", ("encoder's",)),
    "free bits": Entry(
        "A trick of training: the first bit of rate costs nothing, so that the model has no reason to leave its code "
        "empty."
    ),
    "gradient": Entry(
        "The direction in which a number rises fastest when its inputs are changed a little, and how fast. Training "
        "follows it."
    ),
    "importance samples": Entry(
        "A way to average over all codes: draw those that the encoder thinks likely, and weigh each by how much that "
        "favoured it. The more are drawn, the nearer the result.",
        ("importance sampling", "importance sample"),
    ),
    "Jacobian": Entry("A table of slopes: how much each number of the code moves when one pixel is changed a little."),
    "KL": Entry(
        "How far one distribution is from another, in nats: 0 if they are the same. $KL(q ‖ p)$ and $KL(p ‖ q)$ are "
        "two different numbers.",
        ("KL divergence", "divergence"),
    ),
    "latent": Entry("Hidden: nothing in the data names it, the model found it. Latents are the numbers of the code.",
        ("latents", "latent dimension"),
    ),
    "likelihood": Entry("How probable the model finds an image, $p(x)$; or, once its code is known, $p(x|z)$."),
    "N(0, I)": Entry(
        "The round cloud of random numbers around zero: each is drawn on its own, and two in three lie between −1 "
        "and 1."
    ),
    "nat": Entry(
        "A unit of information, like the bit: one nat is 1.44 bits. What has probability $p$ takes $−log p$ nats "
        "to say.",
        ("nats", "in nats"),
    ),
    "PCA": Entry(
        "Principal component analysis: the best that can be done without a network. It keeps the directions in which "
        "the images differ most.",
        ("PCA's",),
    ),
    "posterior": Entry(
        "Which codes could have made this image, and how probable each is: $p(z|x)$. The encoder's guess at it is "
        "$q(z|x)$.",
        ("posteriors",),
    ),
    "prior": Entry(
        "What is thought of a code before any image is seen: $p(z)$, mostly a round cloud around zero. New images are "
        "decoded from draws of it."
    ),
    "rate": Entry(
        "What a code costs, in nats: how far the encoder's answer for an image is from the prior. More means that the "
        "code says more."
    ),
    "score function": Entry(
        "A way to estimate a gradient from values alone: try random codes, and lean towards those that did well.",
    ),
    "standard error": Entry(
        "How far a figure would move, typically, if it were measured again on other images.", ("standard errors",)
    ),
    "t-SNE": Entry(
        "A method that lays out many images on a plane so that each stays beside its nearest ones. Distances between "
        "far groups mean little."
    ),
    "trustworthiness": Entry(
        "Are neighbours on the map neighbours as images too? 1 if all are; less if the map puts strangers side by side."
    ),
}  # fmt: skip
FORMS = {form.lower(): name for name, entry in GLOSSARY.items() for form in (name, *entry.forms)}
FOUND = re.compile(
    r"(?<![\w-])(?:" + "|".join(map(re.escape, sorted(FORMS, key=len, reverse=True))) + r")(?![\w-])", re.IGNORECASE
)


def begin(beside: bool = False) -> None:
    """Forget which words are marked on the page, or beside it: another begins, or the same anew."""
    st.session_state[BESIDE if beside else MARKED] = {}


def linked(text: str, place: str, beside: bool = False) -> str:
    """Return a text as HTML: its formulas, between dollars, as mathematics, and its terms as what opens their entries.

    A term is marked once on the page and once beside it; ``place`` says where, so that a part of a page that is drawn
    again is marked as it was.
    """
    marked = st.session_state.setdefault(BESIDE if beside else MARKED, {})
    here: set[str] = set()

    def mark(found: re.Match[str]) -> str:
        name = FORMS[found[0].lower()]
        if name in here or marked.setdefault(name, place) != place:
            return escape(found[0])
        here.add(name)
        return _term(found[0], name, place)

    return _typeset(text, lambda words: _marked(words, mark))


def _typeset(text: str, written: Callable[[str], str]) -> str:
    """Write a text's formulas as mathematics, and the words between them as it is told."""
    parts = re.split(r"\$([^$]+)\$", text)
    return "".join(inline(part) if number % 2 else written(part) for number, part in enumerate(parts))


def _marked(text: str, mark: Callable[[re.Match[str]], str]) -> str:
    written, at = "", 0
    for found in FOUND.finditer(text):
        written += escape(text[at : found.start()]) + mark(found)
        at = found.end()
    return written + escape(text[at:])


def _term(word: str, name: str, place: str) -> str:
    """Return a word that opens its entry: a popover, which the browser opens, places and closes by itself."""
    key = re.sub(r"\W+", "-", f"{place} {name}".lower())
    entry = _typeset(GLOSSARY[name].text, escape)
    return (
        f'<button type="button" class="vc-term" popovertarget="vc-{key}">{escape(word)}</button>'
        f'<small popover class="vc-entry" id="vc-{key}"><b>{escape(name)}</b> {entry}</small>'
    )
