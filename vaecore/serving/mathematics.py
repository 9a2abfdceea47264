r"""Formulas as they are written in a terminal, as MathML for a page.

A model says its equation once, in plain letters (`E_q[-log p(x|z)]`); here it becomes LaTeX, and `latex2mathml` makes
MathML of that. A browser breaks no line inside MathML: a formula comes in parts, and a line may end after each.

>>> [part.plain for part in typeset("min ||x - g(f(x~))||^2,  x~ = x with noise")]
['min ||x - g(f(x~))||^2', 'x~', '= x', 'with noise']
>>> latex("KL(q(z_1|x) || N(0, I))")
'\\text{KL}(q(z_{1}\\mid x)\\parallel \\text{N}(0,I))'
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from html import escape, unescape
from typing import NamedTuple

from latex2mathml.converter import convert
from latex2mathml.exceptions import (
    DoubleSubscriptsError,
    DoubleSuperscriptsError,
    MissingSuperScriptOrSubscriptError,
    NoAvailableTokensError,
)

GREEK = {"β": "beta", "ε": "varepsilon", "θ": "theta", "λ": "lambda", "π": "pi", "\N{GREEK SMALL LETTER RHO}": "rho"}
FUNCTIONS = ("Cov", "KL", "Var", "det", "elbo", "gate", "log", "max", "min", "shift", "tr")
WORDS = {name: rf"\{name} " for name in ("beta", "lambda", "rho")}
WORDS |= {name: rf"\text{{{name}}}" for name in FUNCTIONS}
WORDS |= {"sum": r"\sum ", "df": r"\text{d}f", "dx": r"\text{d}x", "BAx": "BAx"}
SIGNS = {
    "...": r"\ldots ", "…": r"\ldots ", "−": "-", "·": r"\cdot ", "⊙": r"\odot ", "½": r"\frac{1}{2}", "∇": r"\nabla ",
    "∂": r"\partial ", "||": r"\parallel ", "‖": r"\parallel ", "|": r"\mid ", "²": "^{2}", "ᵀ": r"^{\top}",
}  # fmt: skip
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊ₖₙᵢⱼ", "0123456789+knij")
ACCENTS = {"^": r"\hat{%s}", "~": r"\tilde{%s}", "'": r"%s^{\top}"}

# What is one piece, whatever stands in it: a fraction, a norm, a size.
PIECE = re.compile(
    r"(?P<over>(?:\w*\([^()]*\)²? ?)+|Var z) / (?P<under>\w+(?:\([^()]*\))?²?)|\b(?P<short>\w+/\w+)\b"
    r"|(?P<edge>\|\||‖)(?=\S)(?P<norm>[^‖]+?)(?<=\S)(?P=edge)|(?<![\w)])\|(?P<size>[^| ]+)\|"
)
TOKEN = re.compile(
    r"(?P<accent>[A-Za-z][\^~'](?!\w))|(?P<lower>_\([^)]*\)|_\w\.\.[\w-]+|_\w)|(?P<upper>\^\w)|(?P<index>[₀-₉₊ₖₙᵢⱼ]+)"
    r"|√(?P<root>\w+)|(?P<mean>E(?![A-Za-z(]) ?)|(?P<normal>N(?=\())|(?P<word>[A-Za-z]{2,} ?)"
    r"|(?P<sign>\.\.\.|\|\||[…−·⊙½∇∂‖|²ᵀ])|(?P<greek>[βεθλπρ])|(?P<space>\s+)|(?P<other>.)"
)
SAID = rf"(?!(?:{'|'.join(WORDS)})\b)[A-Za-z]{{2,}}(?![\w(])"  # a word that is none of a formula's
PROSE = re.compile(rf"(?<![\w(]){SAID}(?:\s+{SAID})*")
RELATION = re.compile(r"([=+−-]|\|\||‖) ")
BREAK = re.compile(r"\s+(?=(?:[=+−-]|\|\||‖) )|(?<=[)\].…]) +(?=[A-Za-zλ.…])|(?<=,)\s{2,}|(?<=;)\s+")
BETTER = (  # of what latex2mathml makes
    (r"<math [^>]*>", "<math>"),  # HTML knows whose element that is, and that it stands in a line
    ("<mo>\N{DIVIDES}</mo>", '<mo stretchy="false" lspace="0.12em" rspace="0.12em">|</mo>'),
    (
        r'(<mo stretchy="false">[\[(]</mo>|<mspace[^>]*>)<mo>−</mo>',
        r'\1<mo form="prefix">−</mo>',
    ),  # a sign, and no difference
    (r"<mi>([xz])</mi>", r'<mi class="vc-\1">\1</mi>'),
    (r'<mover accent="true">(?=<mrow><mi class="(vc-.)">)', r'<mover accent="true" class="\1">'),
)
NOT_MATHEMATICS = (
    DoubleSubscriptsError,
    DoubleSuperscriptsError,
    MissingSuperScriptOrSubscriptError,
    NoAvailableTokensError,
)
HELD = "\N{NO-BREAK SPACE}"


class Part(NamedTuple):
    """A part of a formula that stays on one line: as it was written, and as MathML; words have none. What ends it."""

    plain: str
    mathml: str = ""
    end: str = ""


def typeset(formula: str) -> list[Part]:
    """The parts of a formula, words between them as words."""
    parts, at = [], 0
    for run in PROSE.finditer(formula):
        parts += _mathematics(formula[at : run.start()])
        parts.append(Part(run[0]))
        at = run.end()
    return parts + _mathematics(formula[at:])


def joined(parts: Iterable[Part], tag: Callable[[Part], str]) -> str:
    """Parts as HTML, each written by a function: a line may end between them, and a relation has its own space."""
    written = ""
    for part in parts:
        gap = "<wbr>" if part.mathml and RELATION.match(part.plain) else " "
        written += gap * bool(written) + tag(part)
    return written


def latex(formula: str) -> str:
    """A formula without words, as LaTeX."""
    written, at = "", 0
    for piece in PIECE.finditer(formula):
        written += _tokens(formula[at : piece.start()]) + _piece(piece)
        at = piece.end()
    return (written + _tokens(formula[at:])).strip()


@cache
def mathml(formula: str) -> str:
    """A formula without words, as one element, nothing if it is none; x and z are of a class, for their colours."""
    before = "{}" if RELATION.match(formula) else ""  # without it a relation would be a sign of what follows
    try:
        element = re.sub(r"&#x\w+;", _character, convert(before + latex(formula)))
    except NOT_MATHEMATICS:
        return ""
    for found, better in BETTER:
        element = re.sub(found, better, element)
    return element


def _character(reference: re.Match[str]) -> str:
    character = unescape(reference[0])
    return escape(character, quote=False)


def _mathematics(run: str) -> list[Part]:
    held = PIECE.sub(lambda piece: piece[0].replace(" ", HELD), run.strip())
    chunks = [chunk.replace(HELD, " ") for chunk in BREAK.split(held) if chunk]
    return [_part(chunk, chunk.rstrip(",;:")) for chunk in chunks]


def _part(chunk: str, formula: str) -> Part:
    return Part(formula, mathml(formula), chunk.removeprefix(formula)) if formula.strip() else Part(chunk)


def _piece(found: re.Match[str]) -> str:
    if found["over"]:
        return rf"\frac{{{latex(found['over'])}}}{{{latex(found['under'])}}}"
    if found["short"]:
        over, under = found["short"].split("/")
        return rf"\frac{{{latex(over)}}}{{{latex(under)}}}"
    if found["norm"]:
        return rf"{{\lVert {latex(found['norm'])}\rVert}}"
    return rf"{{\lvert {latex(found['size'])}\rvert}}"


def _tokens(text: str) -> str:
    return "".join(map(_token, TOKEN.finditer(text)))


def _token(found: re.Match[str]) -> str:
    kind = found.lastgroup or ""
    said = found[kind]
    match kind:
        case "accent":
            return ACCENTS[said[1]] % said[0]
        case "lower":
            return _below(said.strip("_()").replace("..", r"\ldots "))
        case "upper":
            return f"^{{{said[1:]}}}"
        case "index":
            return _below(said.translate(LOWERED))
        case "root":
            return rf"\sqrt{{{_tokens(said)}}}"
        case "mean":
            return r"\text{E}\," if said.endswith(" ") else r"\text{E}"
        case "normal":
            return r"\text{N}"
        case "word":
            return _word(said.rstrip()) + r"\," * said.endswith(" ")
        case "sign":
            return SIGNS[said]
        case "greek":
            return rf"\{GREEK[said]} "
    return "" if kind == "space" or said == "\\" else f"\\{said}" if said in "&#$%{}_" else "" if said == "^" else said


def _word(said: str) -> str:
    return WORDS.get(said, rf"\text{{{said}}}")


def _below(index: str) -> str:
    return f"_{{{index}}}"
