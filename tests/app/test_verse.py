"""The page of texts: written from a code, walked between, and a code that nobody listens to."""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import Open, Visit, code, settle, text
from playwright.sync_api import Browser, Page
from streamlit.testing.v1 import AppTest

import vaecore
from app.results import verse
from app.session.state import find
from app.views.verse import characters, collapse
from vaecore import serving
from vaecore.browser import component
from vaecore.serving.texts import Neighbour, TextExplorer

FONTS = component("fonts")
TANG, COLLAPSED = "couplets-tang", "couplets-collapsed"
WORDS = ("the cat", "a dog", "my bird", "one fish", "her horse", "that mouse")
ENGLISH = [
    f"{a} sees {b} {when} <b>" for a in WORDS for b in WORDS for when in ("today", "again", "at night", "once more")
]


def told(app: AppTest) -> dict[str, Any]:
    """What the sliders of the page are told."""
    assert not app.exception
    return next(
        found for found in map(json.loads, (each.proto.json for each in app.get("bidi_component"))) if "said" in found
    )


def plain(html: str) -> str:
    """The characters of a text in HTML, without what is read aloud above them."""
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"<rt>.*?</rt>|<i .*?</i>|<em.*?</em>", "", html)))


def written(app: AppTest) -> str:
    """The text above the sliders."""
    found = re.search(r'class="vc-own">(.*?)</div>', told(app)["said"], re.DOTALL)
    assert found is not None
    return plain(found[1])


def steps(app: AppTest) -> list[str]:
    """The texts of the walk, with both ends."""
    walk = re.search(r'<ol class="vc-way">(.*?)</ol>', text(app), re.DOTALL)
    assert walk is not None
    return [plain(each) for each in re.findall(r'<p class="vc-verse vc-middle.*?</p>', walk[1], re.DOTALL)]


def load(name: str) -> TextExplorer:
    found = vaecore.load(name, device="cpu")
    assert isinstance(found, TextExplorer)
    return found


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a corpus of one's own, after a dozen epochs."""
    folder = tmp_path_factory.mktemp("english")
    (folder / "lines.txt").write_text("\n".join(ENGLISH), encoding="utf-8")
    small = {"embedding": 16, "channels": (16,), "writer": (16, 16), "latent": 14, "epochs": 12, "batch": 16}
    vaecore.train(TANG, out=folder / "run", device="cpu", dataset=str(folder / "lines.txt"), **small)
    return folder / "run"


# The text of a code


def test_the_page_opens_with_a_couplet_and_twelve_sliders(open_page: Open) -> None:
    app = open_page("verse")
    shown, own = told(app), load(TANG)
    rates = np.array(own.card["metrics"]["rates"])
    assert shown["shown"] == np.argsort(-rates, kind="stable")[:12].tolist()
    levels = np.random.default_rng(0).integers(1, 100, own.latent) / 100
    assert written(app) == own.decode(own.quantiles(levels).diagonal()[None])[0]
    assert f"{own.card['metrics']['rate']:.2f}" in {metric.value for metric in app.metric}
    assert not app.warning
    app.toggle(key="every").set_value(True).run()
    assert len(told(app)["shown"]) == own.latent


def test_a_link_says_where_the_sliders_stand_and_what_the_draw_is(open_page: Open) -> None:
    app, own = open_page("verse", poem="7", z39="90", z5="nonsense", z99="20"), load(TANG)
    levels = np.random.default_rng(7).integers(1, 100, own.latent) / 100
    levels[38] = 0.9
    assert written(app) == own.decode(own.quantiles(levels).diagonal()[None])[0]
    assert told(app)["percents"] == {"38": 90}
    app.number_input(key="poem").set_value(8).run()
    assert told(app)["percents"] == {}


def test_a_temperature_draws_characters_that_a_seed_repeats(open_page: Open) -> None:
    cold, hot, again = (written(open_page("verse", poem="3", heat=heat)) for heat in ("0", "1.5", "1.5"))
    assert hot == again != cold


@pytest.mark.usefixtures("couplets_folder")
def test_the_nearest_training_text_stands_beside(open_page: Open) -> None:
    app, own = open_page("verse"), load(TANG)
    (found,) = own.nearest([written(app)])
    said = told(app)["said"].split("vc-nearest")[1]
    assert found.text in plain(said)
    assert said.count('class="vc-shared"') == found.shared
    assert f"{found.shared} of 10 characters shared" in said


@pytest.mark.usefixtures("no_data")
def test_without_its_data_the_page_says_so_and_works(open_page: Open) -> None:
    app = open_page("verse")
    assert "vc-nearest" not in told(app)["said"]
    assert any("No training text" in note.value for note in app.info)
    assert len(steps(app)) == verse.STEPS + 2
    assert app.segmented_control(key="a_from").options == ["Typed", "Drawn"]


def test_pinyin_and_tones_are_shown_when_asked_for(open_page: Open) -> None:
    bare, full = (told(open_page("verse", **asked))["said"] for asked in ({}, {"pinyin": "true", "tones": "true"}))
    assert "<rt>" not in bare
    own = re.search(r'class="vc-own">(.*?)</div>', full, re.DOTALL)
    assert own is not None
    read = serving.verses.readings(plain(own[1]))
    assert re.findall(r"<rt>(.*?)</rt>", own[1]) == [each.pinyin for each in read if each.pinyin]
    marks = {"level": "○", "oblique": "●"}
    assert re.findall("[○●]", own[1]) == [marks[each.tone] for each in read if each.tone]


# Models


def test_a_collapsed_model_says_which_sliders_are_alive_and_why(open_page: Open) -> None:
    app = open_page("verse", verse=COLLAPSED)
    said = " ".join([*(each.value for each in app.caption), *(each.value for each in app.markdown)])
    metrics = load(COLLAPSED).card["metrics"]
    assert f"{metrics['active_units']:.0f} of 64 dimensions are in use" in said
    assert "Bowman" in said
    found = verse.reach(find(COLLAPSED), 0)
    assert found.alive is not None
    assert found.others is not None
    assert found.alive > 3 * found.others
    app.button(key="twin").click().run()
    assert app.session_state["verse"] == TANG
    app.segmented_control(key="trained").set_value("without: collapsed").run()
    assert app.session_state["verse"] == COLLAPSED
    assert not app.exception


def test_the_twin_is_found_by_its_recipe() -> None:
    assert collapse.twin(TANG) == (COLLAPSED, True)
    assert collapse.twin(COLLAPSED) == (TANG, False)
    assert collapse.twin("couplets-parallel") is None


@pytest.mark.parametrize(("name", "said"), [("no-such-model", "no-such-model"), ("vae-digits-2", "model of images")])
def test_what_is_no_model_of_texts_gets_a_sentence_and_a_way_back(open_page: Open, name: str, said: str) -> None:
    app = open_page("verse", verse=name)
    assert not app.exception
    assert said in app.warning[0].value
    app.button[0].click().run()
    assert (app.session_state["verse"], written(app) != "") == (TANG, True)


def test_the_image_model_is_kept_for_the_other_pages(open_page: Open) -> None:
    app = open_page("verse", model="cvae-digits-2")
    assert not [box for box in app.selectbox if box.key == "model"]
    app.switch_page("views/generate.py").run()
    assert app.session_state["model"] == "cvae-digits-2"


def test_a_corpus_of_your_own(open_page: Open, english: Path) -> None:
    app = open_page("verse", verse=str(english), a_from="A test text", b_from="Drawn", beside="true")
    own = load(str(english))
    assert len(told(app)["shown"]) == 12
    assert {toggle.key for toggle in app.toggle} == {"every", "beside"}  # nothing to read aloud
    assert "lang=" not in told(app)["said"]
    found = steps(app)
    tests = vaecore.dataset(own.dataset, "test").texts
    assert found[0] == tests[0]
    code = own.quantiles(np.random.default_rng(2).integers(1, 100, own.latent) / 100).diagonal()
    assert found[1:-1] == own.decode(own.interpolate(own.encode(tests[:1])[0], code, 11))
    assert "vc-nearest" in text(app)
    assert "<b>" not in told(app)["said"].replace("<b>Nearest", "")  # what a text has of HTML is text
    assert len(app.metric) == 2  # no bits per character before it is measured
    assert not app.warning


# The walk


def test_a_walk_goes_from_one_typed_couplet_to_another(open_page: Open) -> None:
    app = open_page("verse", a_text="床前明月光疑是地上霜", beside="true")
    own, found = load(TANG), steps(app)
    assert found[0] == "床前明月光疑是地上霜"
    ends = own.encode(["床前明月光，疑是地上霜。", verse.FAMILIAR[1]])
    assert found[1:-1] == own.decode(own.interpolate(*ends, verse.STEPS))
    counted = [int(count) for count in re.findall(r'class="vc-of-a">(\d+) of A', text(app))]
    assert counted == [sum(serving.verses.shared(each, found[0], own.form)) for each in found[1:-1]]


def test_what_cannot_be_read_is_refused_in_a_sentence(open_page: Open) -> None:
    app = open_page("verse", a_text="床前明月光", b_text="☃山鳥飛絕萬徑人蹤滅")
    assert "expected texts of 10 characters, got 5" in app.warning[0].value
    assert any("not in the vocabulary" in note.value for note in app.caption)
    assert 'class="vc-way"' not in text(app)
    app.text_input(key="a_text").set_value("床前明月光疑是地上霜").run()
    assert not app.warning
    assert len(steps(app)) == verse.STEPS + 2


@pytest.mark.usefixtures("couplets_folder")
def test_ends_are_picked_or_drawn(open_page: Open) -> None:
    app = open_page("verse", a_from="A test text", a_row="3", b_from="Drawn", b_draw="9")
    found = steps(app)
    assert found[0] == vaecore.dataset("couplets", "test").texts[2]
    assert found[-1] == found[-2], "a drawn end is what its code says"


def test_texts_from_the_prior_repeat_with_a_seed(open_page: Open) -> None:
    app = open_page("verse", leaf="5", warmth="0.6")
    cards = re.search(r'<ul class="vc-verses">(.*?)</ul>', text(app), re.DOTALL)
    assert cards is not None
    found = [plain(each) for each in re.findall(r'<p class="vc-verse vc-middle.*?</p>', cards[1], re.DOTALL)]
    assert found == load(TANG).sample(6, temperature=0.6, seed=5)


def test_the_program_writes_what_the_page_shows(open_page: Open) -> None:
    app = open_page("verse", poem="4", z39="85", heat="0.7", b_from="Drawn")
    program = next(each for each in code(app) if "vaecore.load" in each)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(program, {})
    lines = said.getvalue().splitlines()
    assert lines[0] == written(app)
    assert lines[1 : 1 + verse.STEPS] == steps(app)[1:-1]
    assert lines[1 + verse.STEPS :] == load(TANG).sample(6, temperature=0.8, seed=0)


# HTML


def test_a_text_without_a_form_wraps_and_is_escaped() -> None:
    html = characters.verse('a <"b">', "", "large")
    assert plain(html) == 'a <"b">'
    assert "<b" not in html
    assert "vc-set" not in html
    assert "no character" in characters.verse("", "", "large")


def test_lines_of_a_form_are_lines() -> None:
    form = load(TANG).form
    html = characters.verse("白日依山盡，黃河入海流。", form, "large")
    assert [plain(line) for line in re.findall(r"<span>(?:<span .*?</span>)+</span>", html)] == [
        "白日依山盡，",
        "黃河入海流。",
    ]
    short = characters.beside("白日", Neighbour("白雲依山盡，黃河入海流。", 1), form)
    assert short.count("vc-shared") == 1


# What only a browser can show


@pytest.fixture
def fonts_script(browser: Browser) -> Iterator[Page]:
    """The script that looks for a font, its functions within reach."""
    page = browser.new_page()
    page.add_script_tag(content=FONTS.js.replace("export default", "window.component ="))
    yield page
    page.close()


PEN = """(widths) => ({ clearRect() {}, fillText(character) { this.last = character; },
  measureText: (character) => ({ width: widths[character]?.[0] ?? widths.absent[0] }),
  getImageData() { return { data: [widths[this.last]?.[1] ?? widths.absent[1]] }; } })"""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("widths", "has"),
    [
        ({"absent": [24, 1]}, False),  # one box for all
        ({"absent": [24, 1], "永": [24, 2]}, False),  # a box with the code in it
        ({"absent": [40, 1]}, False),  # a box of full width
        ({"absent": [24, 1], "永": [40, 2]}, True),
        ({"absent": [40, 1], "永": [40, 2]}, True),
    ],
)
def test_a_font_is_missing_where_a_character_is_a_box(fonts_script: Page, widths: dict[str, Any], has: bool) -> None:
    assert fonts_script.evaluate(f"(widths) => hasGlyph('永', ({PEN})(widths))", widths) is has


@pytest.mark.browser
def test_a_canvas_knows_a_letter_from_what_no_font_has(fonts_script: Page) -> None:
    drawn = """(character) => {
      const pen = document.createElement("canvas").getContext("2d");
      pen.font = "40px serif";
      return hasGlyph(character, pen);
    }"""
    assert fonts_script.evaluate(drawn, "W") is True
    assert fonts_script.evaluate(drawn, "\U000ffffd") is False, "a private character, which no font has"


@pytest.mark.browser
@pytest.mark.parametrize(("character", "shown"), [("W", False), ("\U000ffffd", True)])
def test_the_sentence_is_there_where_no_font_is(fonts_script: Page, character: str, shown: bool) -> None:
    fonts_script.set_content(f"<div id=here>{FONTS.html}</div>")
    fonts_script.add_script_tag(content="{" + FONTS.js.replace("export default", "window.component =") + "}")
    fonts_script.evaluate(
        "character => component({ data: { character }, parentElement: document.getElementById('here') })", character
    )
    assert fonts_script.locator(".note").is_visible() is shown


def own_text(page: Page) -> str:
    return page.locator(".vc-own").inner_text().replace("\n", "")


@pytest.mark.browser
def test_the_text_follows_the_slider_while_it_is_dragged(visit: Visit) -> None:
    page = visit("verse")
    page.wait_for_selector(".sliders[data-ready]")
    page.get_by_role("heading", name="What each dimension costs").wait_for()
    before = own_text(page)
    slider = page.locator(".rows input").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.48 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + box["height"] / 2, steps=8)
    page.locator(".vc-own .vc-new").first.wait_for()
    held = own_text(page)
    assert held != before
    assert "z39=" not in page.url
    page.mouse.up()
    page.wait_for_url("**z39=*")
    settle(page)
    page.get_by_text("Behind this page").click()
    percent = re.findall(r"z39=(\d+)", page.url)[0]
    page.get_by_text(f"levels[38] = {int(percent) / 100:g}").wait_for()


@pytest.mark.browser
def test_another_draw_is_one_press_and_is_in_the_address(visit: Visit) -> None:
    page = visit("verse?z39=90")
    page.wait_for_selector(".sliders[data-ready]")
    before = own_text(page)
    page.get_by_role("button", name="Random").click()
    page.wait_for_url("**poem=*")
    settle(page)
    assert own_text(page) != before
    again = visit(f"verse?{page.url.split('?')[1]}")
    again.wait_for_selector(".sliders[data-ready]")
    assert own_text(again) == own_text(page)


@pytest.mark.browser
def test_a_key_moves_the_text_as_well(visit: Visit) -> None:
    page = visit("verse?poem=1")
    page.wait_for_selector(".sliders[data-ready]")
    slider = page.locator(".rows input").first
    start = int(float(slider.input_value()))
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**z39={start - 1}*")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 820, 1440])
def test_texts_of_any_length_stay_inside_the_window(visit: Visit, english: Path, width: int) -> None:
    for query in ("pinyin=true&tones=true&beside=true", f"verse={english}&beside=true&a_text={'long ' * 12}"):
        page = visit(f"verse?{query}", width=width)
        page.wait_for_selector(".sliders[data-ready]")
        page.get_by_role("heading", name="What each dimension costs").wait_for()
        wide = "document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
        assert page.evaluate(wide) <= 0
        for part in (".vc-hero", ".vc-way", ".vc-verses"):
            inside = page.locator(part).evaluate("part => part.scrollWidth - part.clientWidth")
            assert inside <= 1, (query, part)


def test_a_note_on_fonts_is_drawn_for_what_is_not_latin(open_page: Open, english: Path) -> None:
    def signs(app: AppTest) -> list[str]:
        return [json.loads(each.proto.json).get("character") for each in app.get("bidi_component")]

    assert any(sign and sign > "\u2e80" for sign in signs(open_page("verse")))
    assert not any(signs(open_page("verse", verse=str(english))))
