"""What is dropped on a page: how it was read is shown, it is one visitor's alone, trained on, kept and deleted."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import Open, Visit, serve, settle, text
from own import as_zip, file_of, files
from playwright.sync_api import Browser, expect
from streamlit.testing.v1 import AppTest

from app.controls import uploading
from app.results.brought import READER
from app.server import brought, visits
from app.server.brought import STORE, Upload
from app.server.options import OPTIONS
from app.server.uploads import Uploads
from app.server.visits import Visits
from app.session import state
from vaecore import jobs, serving

CASES = [f"{kind}/{number}.png" for kind in ("cats", "dogs") for number in range(20)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of jobs in which nothing is begun, and of what is brought."""
    monkeypatch.setenv("VAECORE_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path / "data"))
    jobs.set_limit(0)
    yield tmp_path / "jobs"
    for job in jobs.list(None):
        jobs.delete(job)
    STORE.close()


@pytest.fixture
def everyones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPTIONS, "public", True)
    monkeypatch.setattr(OPTIONS, "training", 1)


@pytest.fixture
def pets(tmp_path: Path) -> bytes:
    """A zip of forty digits' size, in two classes, and a file that is no picture."""
    draws = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    pictures = {path: file_of(draws[number]) for number, path in enumerate(CASES)}
    return as_zip(tmp_path, pictures | {"read.me": b"hello"}).read_bytes()


def drop(app: AppTest, *sent: tuple[str, bytes], folder: bool = False) -> AppTest:
    """What a drop does: the files are at hand in the next run."""
    place = app.get("file_uploader")[int(folder)]
    if len(sent) == 1:
        return place.upload(*sent[0]).run()
    return place.set_value([(name, content, "") for name, content in sent]).run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def said(app: AppTest) -> dict[str, str]:
    """What a page says of a set."""
    found = re.search(r'<dl class="vc-facts vc-account">(.*?)</dl>', text(app), re.DOTALL)
    assert found
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", found[1]))


def on_disk(home: Path) -> list[str]:
    return sorted(each.name for each in (home / brought.FOLDER).glob("*/*/*"))


# How it was read


def test_a_zip_is_shown_before_anything_is_done_with_it(open_page: Open, pets: bytes, home: Path) -> None:
    app = drop(open_page("train"), ("pets.zip", pets))
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="on").value == "uploaded/pets.zip"
    shown = said(app)
    assert shown["classes"] == "cats: 20 · dogs: 20"
    assert shown["read as"] == "40 pictures in 2 classes of 8 x 8 pixels; 1 file skipped, which is no picture"
    assert shown["split"].startswith("33 to train on, 3 to follow it on, 4 for testing; by a fixed seed")
    captions = re.findall(r"<li><img[^>]*><span>(\w+)</span></li>", text(app))
    assert len(captions) == uploading.SEEN - 4
    assert set(captions) == {"cats", "dogs"}
    assert on_disk(home) == ["pets.zip"]
    assert jobs.list() == []


def test_start_trains_on_it(open_page: Open, pets: bytes) -> None:
    app = press(drop(open_page("train", recipe="vae-digits-2"), ("pets.zip", pets)), "Start")
    assert not app.exception
    (job,) = jobs.list()
    (own,) = STORE.all(jobs.ME)
    assert job.changes["dataset"] == str(own.path.resolve())
    assert own.path.read_bytes() == pets


def test_a_folder_keeps_its_folders_and_lines_their_recipes(open_page: Open) -> None:
    sent = files(f"pets/{path}" for path in CASES[::5])
    app = drop(open_page("train"), *sent.items(), folder=True)
    assert app.selectbox(key="on").value == "uploaded/pets"
    assert said(app)["classes"] == "cats: 4 · dogs: 4"
    app = drop(app, ("poems.txt", "\n".join(f"line {number}" for number in range(40)).encode()))
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="recipe").options[0].startswith("couplets")
    assert "line 3" in text(app)
    assert "40 lines of at most 7 characters" in said(app)["read as"]


def test_what_cannot_be_read_is_a_sentence_and_leaves_nothing(
    open_page: Open, home: Path, pets: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAECORE_MAX_UPLOAD_BYTES", str(len(pets) - 1))
    app = drop(open_page("train"), ("notes.zip", b"no zip"))
    assert not app.exception
    assert app.warning[0].value.startswith("notes.zip: expected a folder of class sub-folders")
    app = drop(app, ("pets.zip", pets))
    assert "bytes of uploads" in app.warning[0].value
    assert app.selectbox(key="on").value == "digits"
    assert on_disk(home) == []
    monkeypatch.setenv("VAECORE_MAX_UPLOAD_BYTES", str(len(pets)))
    assert not drop(app, ("pets.zip", pets)).warning


def test_two_of_a_name_are_two(open_page: Open, pets: bytes) -> None:
    app = drop(open_page("train"), ("pets.zip", pets))
    app = drop(app, ("pets.zip", pets))
    assert [each.name for each in STORE.all(jobs.ME)] == ["uploaded/pets.zip", "uploaded/pets (2).zip"]
    press(app, "Remove")
    assert [each.name for each in STORE.all(jobs.ME)] == ["uploaded/pets.zip"]


def test_it_is_in_every_choice_where_it_fits(open_page: Open, pets: bytes) -> None:
    drop(open_page("train"), ("pets.zip", pets))
    app = open_page("reconstruct", model="vae-digits-2", data="uploaded/pets.zip")
    assert not app.exception
    assert not app.warning
    assert "40 pictures in 2 classes" in text(app)
    assert "uploaded/pets.zip" in open_page("reconstruct", model="vae-digits-2").selectbox(key="data").options
    app = open_page("train_here", set="uploaded-pets.zip")
    assert not app.exception
    (sent,) = (each.proto.json for each in app.get("bidi_component") if "uploaded-pets.zip" in each.proto.json)
    assert '"training": 36, "test": 4' in sent


def test_sets_of_other_sizes_are_left_out(open_page: Open, tmp_path: Path) -> None:
    drop(open_page("train"), ("small.zip", as_zip(tmp_path, files(CASES[:8])).read_bytes()))
    assert "uploaded/small.zip" not in open_page("reconstruct", model="vae-digits-2").selectbox(key="data").options


# Whose it is


def brings(owner: str, content: bytes, name: str = "pets.zip") -> Upload:
    return STORE.take(owner, [(name, memoryview(content))])


@pytest.mark.parametrize("by", ["name", "path"])
def test_another_visitor_gets_nothing(
    open_page: Open, everyones: None, pets: bytes, by: str, another: Callable[[], None]
) -> None:
    """Not even where it has been looked at, so that it is at hand, and whoever asks knows what it is called."""
    own = brings(visits.VISITS.owner(SESSION), pets)
    asked = own.name if by == "name" else str(own.path)
    shown = {"model": "vae-digits-2", "data": asked}

    def looks() -> tuple[AppTest, ...]:
        pages = (
            open_page("reconstruct", **shown), open_page("anomaly", **shown, unseen=asked), open_page("map", **shown),
            open_page("train", on=asked), open_page("train_here", set=asked.replace("/", "-")),
        )  # fmt: skip
        assert [(each.value, each.stack_trace) for app in pages for each in app.exception] == []
        return pages

    mine = looks()
    assert [each.value for app in mine[:-1] for each in app.warning] == []
    assert mine[1].selectbox(key="unseen").value == asked
    another()
    seen, strange, laid, train, here = looks()
    for app in (seen, strange, laid):
        assert "No data set is called" in app.warning[0].value
        assert "40 pictures" not in text(app)
    assert train.selectbox(key="on").value == "digits"
    assert not any("uploaded" in option for option in train.selectbox(key="on").options)
    assert not any('"uploaded/' in each.proto.json for each in here.get("bidi_component"))


SESSION = "test session id"  # of AppTest


@pytest.fixture
def another(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and whoever looks is another from then on: AppTest has one session for all."""
    met = Visits.owner
    return lambda: monkeypatch.setattr(Visits, "owner", lambda self, session, _="": met(self, f"{session} of another"))


def test_what_was_brought_goes_after_its_visit_but_for_what_a_run_is_of(
    home: Path, pets: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    brings("visitor-gone", pets)
    used = brings(jobs.ME, pets, "used.zip")
    job = jobs.start("vae-digits-2", dataset=str(used.path))
    known = Visits()
    known.sweep()
    assert on_disk(home) == ["pets.zip", "used.zip"]
    monkeypatch.setattr(visits, "GRACE", -1.0)
    known.sweep()
    assert on_disk(home) == ["used.zip"]
    with pytest.raises(ValueError, match=f"while a run is of it: delete {job.name} first"):
        STORE.remove(jobs.ME, used)
    jobs.delete(job)
    known.sweep()
    assert on_disk(home) == []


def test_a_visitors_run_goes_with_what_it_is_of(everyones: None, home: Path, pets: bytes) -> None:
    own = brings("visitor-gone", pets)
    jobs.start("vae-digits-2", owner="visitor-gone", dataset=str(own.path))
    known = Visits()
    known.sweep()
    assert on_disk(home) == ["pets.zip"]
    known._seen = dict.fromkeys(known._seen, -2 * visits.GRACE)
    known.sweep()
    assert jobs.list(None) == []
    assert on_disk(home) == []


def test_the_next_server_deletes_what_the_last_one_left(home: Path, pets: bytes) -> None:
    first, second = brought.Store(), brought.Store()
    first.take(jobs.ME, [("one.zip", memoryview(pets))])
    second.take(jobs.ME, [("two.zip", memoryview(pets))])
    assert on_disk(home) == ["one.zip", "two.zip"]
    first._held.release()  # as when its process is killed
    brought.Store().take(jobs.ME, [("three.zip", memoryview(pets))])
    assert on_disk(home) == ["three.zip", "two.zip"]


def test_files_of_a_session_are_taken_up_to_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAECORE_MAX_UPLOAD_BYTES", "100")
    known = Uploads()
    assert known.trouble("a", "60") == ""
    assert "at most 100 bytes of uploads, got 101" in known.trouble("a", "41")
    assert known.trouble("b", "100") == ""
    known.taken("a")
    assert known.trouble("a", "100") == ""
    for size in ("", "-1", "1e3", "9" * 30, "\u0663"):
        assert known.trouble("c", size) == "Expected an upload that says how long it is."


# Kept


def test_what_is_kept_stays_under_its_name(open_page: Open, pets: bytes, tmp_path: Path) -> None:
    app = drop(open_page("train"), ("pets.zip", pets))
    app.text_input(key="keep uploaded/pets.zip").set_value("no name/at all").run()
    app = press(app, "Keep it")
    assert STORE.all(jobs.ME)
    app.text_input(key="keep uploaded/pets.zip").set_value("ours").run()
    app = press(app, "Keep it")
    assert not app.exception
    assert app.selectbox(key="on").value == "own/ours.zip"
    assert STORE.all(jobs.ME) == []
    assert (tmp_path / "data" / "own" / "ours.zip").read_bytes() == pets
    assert said(app)["classes"] == "cats: 20 · dogs: 20"
    press(app, "Start")
    assert jobs.list()[0].changes["dataset"] == str((tmp_path / "data" / "own" / "ours.zip").resolve())


def test_what_is_kept_is_not_everyones(open_page: Open, everyones: None, pets: bytes, tmp_path: Path) -> None:
    (tmp_path / "pets.zip").write_bytes(pets)
    name = serving.shelf.keep(tmp_path / "pets.zip", "ours")
    app = open_page("train", on=name)
    assert app.selectbox(key="on").value == "digits"
    assert name not in app.selectbox(key="on").options
    app = drop(app, ("pets.zip", pets))
    assert not app.exception
    assert "Keep it" not in [button.label for button in app.button]
    assert str(jobs.home()) not in text(app)


def test_a_set_that_is_gone_is_forgotten(pets: bytes) -> None:
    own = brings(jobs.ME, pets)
    READER.read(str(own.path), own.path)
    assert READER.shapes()[str(own.path)] == (1, 8, 8)
    STORE.remove(jobs.ME, own)
    with pytest.raises(ValueError, match="is called"):
        READER.read(str(own.path), own.path)
    assert str(own.path) not in READER.shapes()
    assert state.data_path(own.name) is None


# In a browser


@pytest.fixture(scope="module")
def training_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The explorer as everyone's, where a visitor may train."""
    folder = tmp_path_factory.mktemp("training")
    yield from serve(folder, "--public", "--training", "1", VAECORE_JOBS=str(folder / "jobs"))


@pytest.mark.browser
def test_four_clicks_lead_from_start_to_a_curve_that_moves_on_ones_own_pictures(
    browser: Browser, visit: Visit, training_server: str, pets: bytes, tmp_path: Path
) -> None:
    page = visit("", base=training_server)
    page.get_by_role("link", name="Train one here").click()
    page.wait_for_selector(".train[data-ready]")
    settle(page)  # the page has told its settings: a click in the middle of that is one that Streamlit may lose
    page.get_by_role("link", name="“Train”").click()
    page.wait_for_url(re.compile(r"/train(\?|$)"))
    settle(page)
    page.locator("[data-testid=stFileUploaderDropzoneInput]").first.set_input_files(
        {"name": "pets.zip", "mimeType": "application/zip", "buffer": pets}
    )
    page.wait_for_selector(".vc-seen")
    settle(page)
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".vc-run em")).to_contain_text(re.compile(r"epoch ([2-9]|\d\d)"), timeout=60_000)
    page.reload()  # another session of the same visit
    expect(page.locator(".vc-run em")).to_contain_text(re.compile(r"epoch ([2-9]|\d\d)"), timeout=30_000)
    page.wait_for_selector(".vc-seen")
    with browser.new_context() as other:
        stranger = other.new_page()
        stranger.goto(f"{training_server}/train?on=uploaded%2Fpets.zip")
        stranger.wait_for_selector("[data-testid=stFileUploader]")
        settle(stranger)
        assert stranger.locator(".vc-seen").count() == 0
        assert "pets" not in stranger.content()


@pytest.mark.browser
def test_a_folder_that_is_dropped_or_picked_keeps_its_folders(
    visit: Visit, training_server: str, tmp_path: Path
) -> None:
    folder = tmp_path / "animals"
    for path, content in files(CASES[::5]).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    page = visit("train", base=training_server)
    page.context.clear_cookies()  # a visitor of its own, without runs above the places to drop at
    page.reload()
    page.wait_for_selector("[data-testid=stFileUploaderDropzone]")
    settle(page)
    place = page.locator("[data-testid=stFileUploaderDropzone]")
    place.last.locator("input").set_input_files(folder)
    expect(page.locator(".vc-account")).to_contain_text("cats: 4 · dogs: 4")
    settle(page)
    box = place.first.bounding_box()
    assert box is not None
    drag = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        drag.send("Input.dispatchDragEvent", {
            "type": kind, "x": box["x"] + 20, "y": box["y"] + 20,
            "data": {"items": [], "files": [str(folder)], "dragOperationsMask": 1},
        })  # fmt: skip
    expect(page.get_by_role("combobox", name="Images")).to_have_value("uploaded/animals (2)")
    expect(page.locator(".vc-account")).to_contain_text("cats: 4 · dogs: 4")
