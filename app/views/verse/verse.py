"""Verse: a text from a draw, sliders over its code, a walk between two texts, and what the code costs."""

import streamlit as st

from app.components import fonts
from app.components import verses as component
from app.components.plot import plot
from app.controls import behind, texts
from app.figures import tradeoffs
from app.markup import strips
from app.results import rates
from app.results import verse as computed
from app.results.verse import Measured
from app.session import state
from app.session.state import Model
from app.views.verse import characters, collapse, walks
from app.views.verse.walks import End
from vaecore import serving

FIRST = 12  # sliders before "all"
SHEET = 6  # texts that are drawn at a time
WITH, WITHOUT = "with remedies", "without: collapsed"


def switch() -> None:
    """Draw the choice between two models that differ in the remedies against collapse alone."""
    pair = collapse.twin(st.session_state[texts.KEY])
    if pair is not None:
        st.session_state["trained"] = WITH if pair[1] else WITHOUT
        st.segmented_control(
            "The same network, trained", [WITH, WITHOUT], required=True, key="trained",
            on_change=texts.open_model, args=(pair[0],),
            help="Word dropout and free bits keep the code in use. Without them the same training lets go of it.",
        )  # fmt: skip


def aloud() -> tuple[bool, bool]:
    """Return whether pinyin is shown, and whether tones are."""
    return st.session_state.get("pinyin", False), st.session_state.get("tones", False)


def controls(own: serving.texts.TextExplorer) -> tuple[int, float, bool]:
    """Draw what the text is written by; return the draw, the temperature, and whether all sliders are shown."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        draw = st.number_input(
            "Draw", 0, computed.DRAWS - 1, 0, key=component.DRAW, bind="query-params", width=130,
            on_change=component.forget, help="Each number is a code drawn from the prior, where the sliders start.",
        )  # fmt: skip
        heat = st.slider(
            "Temperature", 0.0, 1.5, 0.0, 0.05, key="heat", bind="query-params", width=200,
            help="At 0 every character is the likeliest one, so that what changes is the code's doing.",
        )  # fmt: skip
        if own.form:
            st.toggle("Pinyin", key="pinyin", bind="query-params", on_change=component.end)
            st.toggle(
                "Tones", key="tones", bind="query-params", on_change=component.end,
                help="Below each character ○ for a level tone, ● for an oblique one, as read today.",
            )  # fmt: skip
        whole = own.latent <= FIRST or st.toggle(f"All {own.latent} dimensions", key="every", bind="query-params")
    return draw, heat, whole


@st.fragment
def by_hand() -> None:
    """Draw the text that is written from where the sliders stand, and them."""
    model = texts.chosen()
    own = computed.explorer(model)
    stage = st.container()
    draw, heat, whole = controls(own)
    home, order = computed.home(model, draw), computed.order(model)
    text = computed.write(model, computed.code_at(model, draw, component.moved(own.latent)), heat, draw)
    said = characters.own(text, computed.nearest(model, [text])[0], own.form, *aloud())
    with stage:
        names = [strips.subscript("z", index) for index in order]
        component.verses(home, order if whole else order[:FIRST], names, said)
    if component.has_ended():
        st.rerun()  # the rest of the page follows where the sliders were left


def reach(model: Model, found: Measured | None) -> None:
    """Say what the sliders change."""
    own = computed.explorer(model)
    if found is not None:
        st.caption(collapse.turned(found, computed.reach(model, st.session_state[component.DRAW]), own.shape[1]))


def walk(model: Model) -> list[End]:
    """Draw two ends and the texts on the way from one to the other; return the ends, if both can be read."""
    own = computed.explorer(model)
    st.subheader("Walk from one text to another")
    with st.container(border=True), st.grid(2, min_column_width=300, gap="medium"):
        both = []
        for name in walks.BOTH:
            with st.container():
                both.append(walks.choose(model, name))
    ends = [end for end in both if end is not None]
    if len(ends) < len(both):
        return []
    a, b = ends
    steps = computed.way(model, a.text, b.text, a.code, b.code)
    wanted = st.toggle("The nearest training text beside each step", True, key="beside", bind="query-params")
    written = [step.text for step in steps]
    neighbours = computed.nearest(model, written) if wanted else [None] * len(written)
    st.html(characters.way((a.text, b.text), steps, neighbours, own.form, aloud()[0]))
    st.caption(collapse.walked(steps))
    return ends


def renew() -> None:
    """Take the next seed."""
    st.session_state["leaf"] = (st.session_state["leaf"] + 1) % computed.DRAWS


def drawn(model: Model) -> tuple[float, int]:
    """Draw texts from the prior; return their temperature and seed."""
    own = computed.explorer(model)
    st.subheader("Texts from the prior")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        temperature = st.slider("Temperature", 0.0, 1.5, 0.8, 0.05, key="warmth", bind="query-params", width=240)
        seed = st.number_input("Seed", 0, computed.DRAWS - 1, 0, key="leaf", bind="query-params", width=140)
        st.button("Draw again", icon=":material/casino:", on_click=renew)
    found = computed.draws(model, SHEET, temperature, seed)
    st.html(characters.cards(found, computed.nearest(model, found), own.form, *aloud()))
    return temperature, seed


def costs(own: serving.texts.TextExplorer, found: Measured | None, trouble: str) -> None:
    """Draw what each dimension costs, and say why it is used or not."""
    st.subheader("What each dimension costs")
    if found is None:
        st.info(trouble, icon=":material/info:")
        return
    with st.container(horizontal=True, gap="large"):
        st.metric("Rate, nats a text", f"{found.rate:.2f}", width="content")
        st.metric("Dimensions in use", f"{found.alive} of {len(found.rates)}", width="content")
        if found.bits is not None:
            st.metric("Bits per character", f"{found.bits:.2f}", width="content")
    with st.container(width=760):
        st.markdown(f"{collapse.alive(found)} {collapse.why(own, found)}")
    bars(found)
    compare()


def bars(found: Measured) -> None:
    """Draw the rate of each dimension."""
    names = [strips.subscript("z", index) for index in found.order]
    figure = tradeoffs.units(names, found.ordered, rates.SILENT, max(found.dearest, rates.SILENT), 220)
    plot(figure, "rates")
    st.caption("KL(q(z\u2009|\u2009x) ‖ p(z)) of each dimension over the test texts, the dearest first.")


def compare() -> None:
    """Say what the model pays that was trained with or without the remedies, and offer it."""
    pair = collapse.twin(st.session_state[texts.KEY])
    if pair is not None:
        name, without = pair
        st.caption(collapse.beside(name, computed.measured(state.find(name))))
        label = "Open it without the remedies" if without else "Open it with the remedies"
        st.button(label, icon=":material/compare_arrows:", on_click=texts.open_model, args=(name,), key="twin")


def again(own: serving.texts.TextExplorer, ends: list[End], temperature: float, seed: int) -> None:
    """Show the program that writes what is on the page."""
    draw, moved = st.session_state[component.DRAW], component.moved(own.latent)
    behind.show(
        f"levels = np.random.default_rng({draw}).integers(1, 100, explorer.latent) / 100  # of the prior",
        *(f"levels[{index}] = {percent / 100:g}" for index, percent in sorted(moved.items())),
        "code = explorer.quantiles(levels).diagonal()",
        f"print(explorer.decode(code[None], temperature={st.session_state['heat']:.2f}, seed={draw})[0])",
        *(f"{name} = {end.source}" for name, end in zip(walks.BOTH, ends, strict=False)),
        *([f"print(*explorer.decode(explorer.interpolate(a, b, {computed.STEPS})), sep='\\n')"] if ends else []),
        f"print(*explorer.sample({SHEET}, temperature={temperature:.2f}, seed={seed}), sep='\\n')",
        images=False,
        model=st.session_state[texts.KEY],
    )


def page() -> None:
    """Draw the page: at first without the data set, if nobody has waited for it yet."""
    model = texts.chosen()
    own = computed.explorer(model)
    sign = computed.telling(model)
    if sign is not None:
        fonts.note(sign)
    switch()
    by_hand()
    of = computed.source(model)
    if not computed.is_read(of):
        computed.trouble(of)
        st.rerun()
    try:
        found, trouble = computed.measured(model), ""
    except ValueError as error:
        found, trouble = None, strips.sentence(str(error))
    reach(model, found)
    without = computed.trouble(of)
    if without:
        st.info(f"No training text is shown beside these. {strips.sentence(without)}", icon=":material/cloud_off:")
    ends = walk(model)
    temperature, seed = drawn(model)
    costs(own, found, trouble)
    again(own, ends, temperature, seed)


st.html(component.STYLE)
st.title("Poems from a code")
strips.lead(
    "Drag the first slider slowly: which characters change, which stay? Then switch to the model that was trained "
    "without remedies, and drag the same slider again.",
    [st.session_state[texts.KEY]],
)
page()
