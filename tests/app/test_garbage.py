import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from app.server.garbage import Keeper


class Visit:
    """What can be garbage: it refers to itself."""

    def __init__(self) -> None:
        self.myself = self


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    before = list(gc.callbacks)
    yield Keeper()
    gc.callbacks[:] = before
    gc.unfreeze()
    gc.collect()


def run() -> None:
    """The end of a run in a thread of its own, as Streamlit has it."""
    thread = threading.Thread(target=gc.collect)
    thread.start()
    thread.join()


def test_what_visitors_hold_is_out_of_sight_until_nobody_is_there(keeper: Keeper) -> None:
    visit = Visit()
    gone = weakref.ref(visit)
    run()
    keeper.look()
    assert not any(each is visit for each in gc.get_objects())
    del visit
    run()
    assert gone() is not None, "frozen garbage is what a quick collection costs"
    keeper.look()
    assert gone() is not None
    keeper.look(pause=0.0, quiet=0.0)
    assert gone() is None


def test_a_collection_of_its_own_is_no_run(keeper: Keeper) -> None:
    before = keeper.ran
    gc.collect()
    assert keeper.ran == before
    run()
    assert keeper.ran > before


def test_nothing_is_thawed_where_nothing_was_frozen(keeper: Keeper) -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    keeper.look(pause=-1.0, quiet=-1.0)
    assert gc.get_freeze_count() == frozen
