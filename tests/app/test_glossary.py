"""The glossary: a word opens its entry where it stands, by mouse, finger and keys; none is missing."""

import re

import pytest
from harness import LESSONS, PAGES, Open, Visit, fitting, plain, text
from playwright.sync_api import Page

from app import pages
from app.markup import glossary
from app.markup.glossary import GLOSSARY
from vaecore.evaluation.shown import figures

ASKED = ("nat", "elbo", "rate", "trustworthiness", "coverage", "posterior", "prior", "latent")  # by those who teach
# Words of the field that no page may write in its lead, its tables or its facts unless the glossary has them.
FIELD = re.compile(
    r"\b(nats?|elbo|rate|distortion|trustworthiness|continuity|coverage|density|posteriors?|priors?|latents?|codes?|"
    r"encoder|decoder|KL|importance samples?|AUROC|PCA|t-SNE|free bits|Jacobian|gradient|score function|likelihood)\b",
    re.IGNORECASE,
)
TERM, OPEN = ".vc-term", ".vc-entry:popover-open"


def test_the_words_that_were_asked_for_are_there() -> None:
    assert set(ASKED) <= set(GLOSSARY)
    assert len(GLOSSARY) >= 15


@pytest.mark.parametrize("name", GLOSSARY)
def test_an_entry_is_short_and_does_not_explain_itself_by_itself(name: str) -> None:
    entry = GLOSSARY[name].text
    assert 30 < len(entry) < 220
    assert entry.rstrip("”").endswith((".", "$."))
    assert len(re.findall(r"[.:?!] ", entry)) <= 4
    assert not entry.lower().startswith(f"the {name.lower()} ")


def test_no_two_entries_have_a_form_in_common() -> None:
    forms = [form.lower() for name, entry in GLOSSARY.items() for form in (name, *entry.forms)]
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize("page", [*PAGES, *LESSONS])
def test_no_word_of_the_field_is_on_a_page_and_missing(open_page: Open, page: str) -> None:
    shown = text(open_page(page, model=pages.PAGES[page].fits if page in PAGES and page != "verse" else "vae-mnist-2"))
    parts = re.findall(r'<p class="vc-lead">.*?</p>|<th[ >].*?</th>|<dt>.*?</dt>|class="vc-caption">.*?</p>', shown)
    said = " ".join(plain(part) for part in parts)
    for word in {found[0].lower() for found in FIELD.finditer(said)}:
        assert word in glossary.FORMS, word
    marked = re.findall(r'popovertarget="vc-((?!facts|summary)[\w-]+)"', shown)
    assert len(marked) == len(set(marked))  # an id is there once
    names = re.findall(r'<small popover class="vc-entry" id="vc-(?!facts|summary)[\w-]+"><b>(.*?)</b>', shown)
    assert len(names) == len(set(names))  # a word is marked once


def test_every_label_of_a_card_that_needs_a_word_has_it() -> None:
    labels = " ".join(each.label for texts in (False, True) for each in figures(texts))
    assert {found[0].lower() for found in FIELD.finditer(labels)} <= set(glossary.FORMS)


def test_a_text_is_escaped_marked_once_and_typeset() -> None:
    glossary.begin()
    said = glossary.linked("<b>rate</b>, the rate and $p(x|z)$; pre-rate, $5", "here")
    assert "&lt;b&gt;<button" in said
    assert said.count("vc-term") == 1
    assert "data-mathml" in said
    assert "pre-rate, $5" in said
    assert plain(said) == "<b>rate</b>, the rate and p(x|z); pre-rate, $5"


def opened(page: Page) -> int:
    return page.locator(OPEN).count()


@pytest.mark.browser
@pytest.mark.parametrize(("path", "width"), [("rate", 1280), ("posterior", 390), ("anomaly", 390)])
def test_a_word_opens_and_closes_by_mouse_and_keys(visit: Visit, path: str, width: int) -> None:
    page = visit(fitting(path).replace("mnist", "digits") if path != "rate" else "rate?model=vae-digits-2", width)
    term = page.locator(f"[data-testid=stMain] {TERM}").first
    term.click()
    assert opened(page) == 1
    box = page.locator(OPEN).bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    term.click()
    assert opened(page) == 0
    term.focus()
    page.keyboard.press("Enter")
    assert opened(page) == 1
    page.keyboard.press("Escape")
    assert opened(page) == 0
    term.click()
    page.mouse.click(width - 5, 400)
    assert opened(page) == 0


@pytest.mark.browser
def test_a_formula_is_mathematics_and_no_page_is_wider_for_it(visit: Visit) -> None:
    for path in ("", "generate?model=ladder-digits", "divergence"):
        page = visit(path, 390)
        for summary in page.locator("summary", has_text="equation").all():
            summary.click()
        page.locator("math").first.wait_for(state="attached")
        assert page.locator("[data-mathml]").count() == 0
        assert page.locator("math").count() >= 4
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("[...document.querySelectorAll('[data-testid=stMain] math')].every(m => {"
                             "const r = m.getBoundingClientRect(); return r.right <= innerWidth; })")  # fmt: skip
        assert page.evaluate("[...document.querySelectorAll('.vc-math')].every(m => m.textContent.trim())")
