"""Images and lines of one's own: where they are dropped, and how they were read, before anything is done with them."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.figures import sprites
from app.markup import exhibits, strips
from app.results.brought import brought
from app.server import visits
from app.server.brought import STORE, Upload
from app.server.options import OPTIONS
from app.server.uploads import UPLOADS
from app.session import progress, state
from app.session.plain import flat, plain
from vaecore import serving

SEEN, LINES = 40, 12  # images and lines that are shown
CLASSES = 12  # that are named
LONGEST = 900  # characters of what the reader says
DROPS, TROUBLE = "drops", "drop refused"  # keys of the session: how often something came, and why the last did not


def drop() -> Upload | None:
    """Draw the places to drop at; return what was just brought and read, None where nothing was.

    The places are new ones after each: what came lies in a folder by then, and the browser is not asked for it again.
    """
    UPLOADS.expect()
    place = st.container(key="drop").empty()
    came, taken = _places(place), None
    if came:
        taken = _take(came)
        st.session_state[DROPS] += 1
        _places(place)
    if said := st.session_state.get(TROUBLE):
        st.warning(strips.sentence(said), icon=":material/info:")
    return taken


def _places(place: DeltaGenerator) -> Sequence[Any]:
    """Draw the places to drop at; return the files that came."""
    count, limit = st.session_state.setdefault(DROPS, 0), serving.incoming.largest()
    with place.container():
        left, right = st.columns([1.6, 1], gap="medium")
        files = left.file_uploader(
            "Your own pictures, a zip, an .npz, or a .txt of lines", accept_multiple_files=True, key=f"drop {count}",
            max_upload_size=limit, help="Drop them here, a folder too. The folders in it are the classes; those called "
            "train, val and test are the splits.",
        )  # fmt: skip
        folder = right.file_uploader(
            "A folder", accept_multiple_files="directory", key=f"drop folder {count}", max_upload_size=limit
        )
    return files or folder


def _take(files: Sequence[Any]) -> Upload | None:
    """Keep what came and read it; what cannot be read is not kept, and the session says why."""
    st.session_state[TROUBLE] = ""
    owner = visits.owner()
    try:
        with progress.bar() as report:
            report("Writing what came", 0.0)
            upload = STORE.take(owner, [(file.name, file.getbuffer()) for file in files])
        try:
            brought(upload.name)
        except ValueError:
            STORE.remove(owner, upload)
            raise
    except ValueError as error:
        st.session_state[TROUBLE] = str(error)
        return None
    finally:
        _let_go()
    return upload


def _let_go() -> None:
    """Free the memory that Streamlit holds files in until their session ends: of all that it was sent."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return
    UPLOADS.taken(context.session_id)
    if runtime.exists():
        runtime.get_instance().uploaded_file_mgr.remove_session_files(context.session_id)


def show(name: str) -> None:
    """Show how a set of one's own was read: images as a model will see them, counts, classes, split and remarks.

    Raises:
        ValueError: it cannot be read.
    """
    found = brought(name)
    facts = [("read as", flat(found.training.note, LONGEST)), ("split", f"{_counted(found)}; by {found.rule}")]
    if found.classes:
        facts.insert(1, ("classes", _classes(found.classes)))
    if found.is_text:
        st.html(exhibits.lines(found.lines(LINES)) + exhibits.account(facts))
    else:
        images, labels = found.seen(SEEN)
        names = [] if labels is None else [found.training.names[label] for label in labels]
        st.html(exhibits.sheet(sprites.pixels(images), names) + exhibits.account(facts))
    own = state.upload(name)
    if own is not None:
        _keep_or_remove(own)


def _counted(found: serving.brought.Brought) -> str:
    fitted, held, test = found.counts
    followed = f", {held:,} to follow it on" if held else ""
    return f"{fitted:,} to train on{followed}, {test:,} for testing"


def _classes(classes: Sequence[tuple[str, int]]) -> str:
    said = [f"{flat(name, 40)}: {count:,}" for name, count in classes[:CLASSES]]
    more = [f"and {len(classes) - CLASSES:,} more"] if len(classes) > CLASSES else []
    return " · ".join([*said, *more])


def _keep_or_remove(own: Upload) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not OPTIONS.public:
            with st.popover("Keep", icon=":material/save:"):
                name = st.text_input("Under the name", own.path.stem, key=f"keep {own.name}", width=230)
                st.button("Keep it", on_click=_keep, args=(own, name))
        st.button("Remove", icon=":material/delete:", on_click=_remove, args=(own,), key=f"remove {own.name}")
        st.caption(
            "These are yours alone, and go when you leave."
            if OPTIONS.public
            else "These go with this server, unless you keep them or a run is of them."
        )


def _keep(own: Upload, name: str) -> None:
    try:
        STORE.check_free(own)
        kept = serving.shelf.keep(own.path, name)
    except ValueError as error:
        st.toast(strips.sentence(str(error)))
        return
    STORE.forget(visits.owner(), own)
    for key in ("on", "data"):
        if st.session_state.get(key) == own.name:
            st.session_state[key] = kept
    st.toast(f"Kept as {plain(kept)}")


def _remove(own: Upload) -> None:
    try:
        STORE.remove(visits.owner(), own)
    except ValueError as error:
        st.toast(strips.sentence(str(error)))
