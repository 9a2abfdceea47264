"""In words: what the code of a model of texts costs and carries, and why that may be nothing."""

from collections.abc import Sequence

from app.markup import strips
from app.results import verse
from app.results.verse import Measured, Reach, Step
from vaecore import serving

FEW = 0.25  # of the dimensions: where fewer are in use, a code has collapsed
BOWMAN = "Bowman et al. 2015"
WORDS = {
    "word_dropout": "word dropout, which hides {:.0%} of the characters before",
    "free_bits": "free bits, which make the first {:g} nats of each dimension cost nothing",
    "target_rate": "a rate of {:g} nats that is asked for",
    "annealing": "annealing ({})",
}


def has_collapsed(found: Measured) -> bool:
    """Tell whether hardly any dimension of a code is in use."""
    return found.alive < FEW * len(found.rates)


def alive(found: Measured) -> str:
    """Say which dimensions are in use."""
    count, total = found.alive, len(found.rates)
    if count == total:
        return f"All {total} dimensions are in use."
    if count > 8:
        return f"{count} of {total} dimensions are in use, the others are left at the prior."
    named = ", ".join(strips.subscript("z", index) for index in found.order[:count])
    return f"{count} of {total} dimensions {'is' if count == 1 else 'are'} in use: {named or 'none'}."


def turned(found: Measured, reach: Reach, length: int) -> str:
    """Say what the sliders change at this draw."""
    dead = len(found.rates) - found.alive
    said = []
    if reach.alive is not None:
        said.append(f"a slider in use changes {reach.alive:.1f} of {length} characters on average")
    if reach.others is not None:
        said.append(f"one of the other {dead} changes {reach.others:.1f}")
    return f"{alive(found)} Turned from end to end at this draw, {', '.join(said)}."


def why(own: serving.texts.TextExplorer, found: Measured) -> str:
    """Say why a code is used, or why it is not."""
    if has_collapsed(found):
        return (
            "The characters before say nearly all there is to say about the next one, so a code that costs nats hardly "
            f"earns them back: training lets go of it before the decoder has learned to listen ({BOWMAN}). What is "
            "left is a language model that writes well, and sliders that steer nothing."
        )
    if getattr(own.recipe.settings, "likelihood", "") == "parallel":
        return (
            "This decoder writes all characters at once and is told none of them: whatever they have to do with each "
            "other must come through the code, so the code is used, and characters that do not fit stand side by side."
        )
    remedies = [WORDS[name].format(value) for name, value in serving.relatives.remedies(own).items()]
    if remedies:
        return f"What keeps the code in use: {' and '.join(remedies)} ({BOWMAN}; Kingma et al. 2016)."
    return "Nothing in its training was meant to keep the code in use."


def walked(steps: Sequence[Step]) -> str:
    """Say what a walk shows: how well its ends come back, and how often the text changes."""
    first, last, length = steps[0], steps[-1], len(steps)
    kept = (first.counts[0], last.counts[1])
    count = len({step.text for step in steps})
    texts = "one and the same text" if count == 1 else f"{count} different texts"
    lesson = "a code keeps what a text is like more than its very words" if any(kept) else "nothing of them is in it"
    return (
        f"In blue what a step shares with A, in orange with B, each in its place. A's code is written back as step 1, "
        f"with {kept[0]} of {len(first.of_a)} characters its own; B's as step {length}, with {kept[1]} of "
        f"{len(last.of_b)}: {lesson}. The {length} steps are {texts}."
    )


def beside(name: str, found: Measured) -> str:
    """Say what the twin of a model pays, which was trained with or without the remedies."""
    bits = "" if found.bits is None else f" and {found.bits:.2f} bits per character"
    return f"{name}: {found.rate:.2f} nats, {found.alive} of {len(found.rates)} dimensions in use{bits}."


def twin(model: str) -> tuple[str, bool] | None:
    """Return the model that differs in the remedies alone, and whether it is the one without; None for one alone."""
    pairs = verse.untreated()
    if model in pairs:
        return pairs[model], True
    treated = next((name for name, plain in pairs.items() if plain == model), None)
    return None if treated is None else (treated, False)
