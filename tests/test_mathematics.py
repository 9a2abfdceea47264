"""Every formula as MathML: whole, well formed, in parts that fit a narrow page."""

import re
from html import escape
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vaecore
from vaecore.models import MODELS
from vaecore.serving import mathematics, objectives, takeaway
from vaecore.serving.mathematics import Part, latex, mathml, typeset

# What app/static/words.js lets onto a page.
ELEMENTS = {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "mfrac", "msqrt", "mover"}
EQUATIONS = [row["equation"] for row in objectives.variants()]
LETTERS = [*mathematics.GREEK, *"·⊙½∇∂…‖²ᵀ", "ₖ₊₁"]


def said(part: Part) -> str:
    """What is read of a part, without spaces."""
    return re.sub(r"\s", "", "".join(ElementTree.fromstring(part.mathml).itertext()) if part.mathml else part.plain)


@pytest.mark.parametrize("equation", EQUATIONS)
def test_every_equation_is_mathematics(equation: str) -> None:
    parts = typeset(equation)
    for part in filter(lambda part: part.mathml, parts):
        found = ElementTree.fromstring(part.mathml)
        assert {each.tag for each in found.iter()} <= ELEMENTS
        assert not re.search(r"[\\_]|\|\||beta|lambda|rho|sum", said(part))
        assert (
            len(said(part)) <= 45
        )  # a page of 390 pixels, and the sidebar, have room for 30, and fractions are in two rows
    # Nothing is lost: the same letters, in the same order.
    letters = "".join(re.findall(r"[A-Za-z]", re.sub(r"beta|lambda|rho|sum", "", equation)))
    assert "".join(re.findall(r"[A-Za-z]", "".join(map(said, parts)))) == letters


def test_no_variant_is_without_an_equation() -> None:
    assert len(EQUATIONS) == len(MODELS)
    assert all(any(part.mathml for part in typeset(equation)) for equation in EQUATIONS)


def test_words_stay_words() -> None:
    parts = typeset("min ||x - g(f(x~))||^2,  x~ = x with noise")
    assert [part.plain for part in parts if not part.mathml] == ["with noise"]
    assert parts[0].end == ","


@pytest.mark.parametrize(
    ("formula", "written"),
    [
        ("−E log p(x|z)", r"-\text{E}\,\text{log}\,p(x\mid z)"),
        ("(E z − m)² / 2s²", r"\frac{(\text{E}\,z-m)^{2}}{2s^{2}}"),
        ("log s√2πe", r"\text{log}\,s\sqrt{2\pi e}"),
        ("E‖x − BAx‖²", r"\text{E}{\lVert x-BAx\rVert}^{2}"),
        ("λₖ₊₁ + … + λₙ", r"\lambda _{k+1}+\ldots +\lambda _{n}"),
        ("mᵀm", r"m^{\top}m"),
        ("df/dx", r"\frac{\text{d}f}{\text{d}x}"),
        ("p(x|z_i) p(z_i) / q(z_i|x)", r"\frac{p(x\mid z_{i})p(z_{i})}{q(z_{i}\mid x)}"),
    ],
)
def test_a_formula_in_letters_becomes_latex(formula: str, written: str) -> None:
    assert latex(formula) == written


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_is_known(letter: str) -> None:
    ElementTree.fromstring(mathml(f"x{letter}y"))
    assert latex(letter) != letter


def test_a_sign_is_no_difference_and_a_relation_stands_between() -> None:
    assert '<mo form="prefix">−</mo>' in mathml("E_q[-log p(x|z)]")
    assert mathml("= f(x)").startswith("<math><mrow><mrow />")


def test_what_is_written_stays_text() -> None:
    assert "<b>" not in mathml("<b>x")
    ElementTree.fromstring(mathml("a < b & c"))


@given(st.text(alphabet="abxzEN_^~'\\|‖{}()[]<>&#$% -+=,;:./·²ᵀ√₁…½λ\"\n", max_size=12))
def test_what_strangers_write_is_a_formula_or_stays_text(formula: str) -> None:
    for part in typeset(formula):
        assert not part.mathml or ElementTree.fromstring(part.mathml).tag == "math"


def test_a_line_ends_between_parts() -> None:
    written = mathematics.joined(typeset("a = b then c"), lambda part: f"[{part.plain}]")
    assert written == "[a]<wbr>[= b] [then] [c]"


def test_the_page_to_take_away_has_mathematics() -> None:
    own = vaecore.load("vae-digits-2", device="cpu")
    page = takeaway.take_away(own)
    equation = page.partition('<p class="equation">')[2].partition("</p>")[0]
    assert equation.count("<math>") == sum(bool(part.mathml) for part in typeset(own.equation)) > 2
    assert escape(own.equation) not in page
    ElementTree.fromstring(f"<p>{equation.replace('<wbr>', '')}</p>")
