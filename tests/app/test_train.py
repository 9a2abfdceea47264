"""The page that trains: a form of the recipe's own types, runs that are one's own, and what is seen of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import Open, Visit, charts, code, picked, settle, text
from streamlit.testing.v1 import AppTest

from app.server import headers, visits
from app.server.options import OPTIONS
from app.server.visits import Visits
from app.session import state
from app.views.train import watching
from vaecore import jobs, training
from vaecore.jobs import tickets
from vaecore.jobs.processes import Process

TINY = {"epochs": 6, "hidden": [8], "batch": 256}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of jobs in which nothing is begun."""
    monkeypatch.setenv("VAECORE_JOBS", str(tmp_path / "jobs"))
    jobs.set_limit(0)
    yield tmp_path / "jobs"
    for job in jobs.list(None):
        jobs.delete(job)


@pytest.fixture
def everyones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPTIONS, "public", True)
    monkeypatch.setattr(OPTIONS, "training", 1)


def press(app: AppTest, label: str) -> AppTest:
    """What a press on a button of a fragment does: AppTest runs the whole page."""
    return next(button for button in app.button if button.label == label).click().run()


def finished(owner: str = jobs.ME) -> jobs.Job:
    """A job that has come to its end, without a process."""
    job = jobs.start("vae-digits-2", owner=owner, **TINY)
    training.train(job.recipe, out=job.folder, device="cpu", **job.changes)
    return tickets.write(job, process=Process(1, ""))


# The form


@pytest.mark.parametrize("recipe", ["pca-digits", "vae-digits-2", "stacked-digits", "iaf-digits-2"])
def test_the_form_has_a_control_for_every_field(open_page: Open, recipe: str) -> None:
    app = open_page("train", recipe=recipe)
    assert not app.exception
    assert not app.warning
    drawn = {each.key for kind in ("number_input", "selectbox", "text_input", "toggle") for each in app.get(kind)}
    assert drawn == {"on", "recipe", *(f"{recipe} {field.name}" for field in jobs.fields(recipe))}


def test_a_fields_bounds_are_the_recipes(open_page: Open) -> None:
    app = open_page("train", recipe="vae-digits-2")
    latent, warmup = (app.number_input(key=f"vae-digits-2 {name}") for name in ("latent", "warmup"))
    assert (latent.min, latent.max, latent.value) == (1, 2**24, 2)
    assert (warmup.min, warmup.max, warmup.value) == (0.0, 1.0, 0.03)
    assert app.selectbox(key="vae-digits-2 optimizer").options == ["adamw", "muon"]
    assert "12,740" in app.markdown[-1].value


def test_what_a_recipe_refuses_is_a_sentence(open_page: Open) -> None:
    app = open_page("train", recipe="vae-digits-2")
    app.text_input(key="vae-digits-2 hidden").set_value("64, wide").run()
    assert not app.exception
    assert "hidden" in app.warning[0].value
    assert "wide" in app.warning[0].value
    assert not [button for button in app.button if button.label == "Start"]


def test_changes_are_those_that_the_form_says(open_page: Open) -> None:
    app = open_page("train", recipe="vae-digits-2")
    app.text_input(key="vae-digits-2 hidden").set_value("32").run()
    app.number_input(key="vae-digits-2 latent").set_value(3).run()
    app.text_input(key="vae-digits-2 target_rate").set_value("2.5").run()
    press(app, "Start")
    assert not app.exception
    (job,) = jobs.list()
    assert job.changes == {"snapshots": 30, "latent": 3, "hidden": [32], "target_rate": 2.5}


def test_other_images_have_recipes_of_their_size(open_page: Open) -> None:
    app = open_page("train", on="usps")
    assert not app.exception
    assert "vae-digits-2" in app.selectbox(key="recipe").options
    press(app, "Start")
    assert jobs.list()[0].changes["dataset"] == "usps"


# Runs


def test_a_run_waits_stops_goes_on_and_is_deleted(open_page: Open) -> None:
    app = press(open_page("train"), "Start")
    assert not app.exception
    (job,) = jobs.list()
    assert (job.name, job.state) == ("vae-digits-2-run-1", "waiting")
    assert "waiting for its turn: it is next" in text(app)
    press(app, "Stop")
    assert "it can go on where it was" in text(app)
    press(app, "Resume")
    assert jobs.list()[0].state == "waiting"
    press(app, "Delete the run and all that it kept")
    assert jobs.list() == []
    assert not app.exception


def test_what_goes_on_is_seen_at_its_last_snapshot(open_page: Open) -> None:
    job = finished()
    (Path(job.folder) / "card.json").unlink()
    app = open_page("train")
    assert not app.exception
    assert "after epoch 6" in text(app)
    assert "ended by something else" in text(app)
    loss, codes = charts(app)
    assert [line["name"] for line in loss["lines"]] == [
        "distortion", "rate", "distortion, training", "rate, training",
    ]  # fmt: skip
    assert [len(line["x"]) for line in loss["lines"]] == [6] * 4
    assert len(codes["dots"][0]["x"]) > 100


def test_a_finished_run_is_in_the_picker_and_opens_on_each_page(open_page: Open) -> None:
    job = finished()
    shown = text(open_page("train"))
    for page in ("map", "generate", "reconstruct", "interpolate"):
        assert f'href="{page}?model={job.name}"' in shown
        app = open_page(page, model=job.name)
        assert not app.exception
        assert not app.warning
        assert f'data-value="{job.name}"' in text(app)
    assert "conditional?model" not in shown


def test_a_run_of_that_name_that_was_trained_anew_is_another(open_page: Open) -> None:
    first = finished()
    before = state.find(first.name)
    jobs.delete(first)
    assert finished().name == first.name
    assert state.find(first.name) != before


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 seconds"), (80, "80 seconds"), (600, "10 minutes"), (7200, "2.0 hours")]
)
def test_times_are_said_as_people_do(seconds: float, said: str) -> None:
    assert watching.minutes(float(seconds)) == said


# Back through the epochs


@pytest.mark.parametrize("page", ["map", "generate", "reconstruct", "interpolate"])
def test_a_slider_goes_back_through_the_epochs(open_page: Open, page: str) -> None:
    job = finished()
    app = open_page(page, model=job.name, epoch="2")
    assert not app.exception
    assert not app.warning
    slider = app.select_slider(key="epoch")
    assert (slider.options, slider.value) == ([str(epoch) for epoch in range(7)], 2)
    assert any(f"vaecore.load({job.folder!r}, at=2)" in each for each in code(app))
    slider.set_value(6).run()
    assert not app.exception
    assert any(f"vaecore.load({job.folder!r})" in each for each in code(app))


def test_what_is_rebuilt_is_rebuilt_by_that_epochs_model(open_page: Open) -> None:
    job = finished()
    errors = [float(open_page("reconstruct", model=job.name, epoch=epoch).metric[0].value) for epoch in ("0", "2", "6")]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > errors[-1]


def test_the_epoch_stays_with_its_run_and_its_pages(open_page: Open) -> None:
    job = finished()
    without = open_page("map", model="cvae-digits-2", epoch="2")
    assert not [each for each in without.select_slider if each.key == "epoch"]
    app = open_page("map", model=job.name, epoch="99")
    assert app.select_slider(key="epoch").value == 6
    app = open_page("anomaly", model=job.name, epoch="2")
    assert not app.exception
    assert state.AT not in app.session_state or app.session_state[state.AT] is None


# On everyone's server


def test_without_leave_a_server_trains_nothing(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OPTIONS, "public", True)
    app = open_page("train")
    assert not app.exception
    assert "by `--training N`" in app.info[0].value
    assert not app.button


def test_a_visitors_runs_are_their_own(open_page: Open, everyones: None) -> None:
    other = finished(visits.VISITS.owner("another session"))
    app = press(open_page("train"), "Start")
    assert not app.exception
    assert jobs.list(None)[0].owner == other.owner
    (mine,) = [job for job in jobs.list(None) if job.owner != other.owner]
    assert (mine.seconds, mine.memory) == (1800, 8 * 2**30)
    shown = text(app)
    assert "1 before" not in shown, "what is finished is before nobody"
    assert "finished" not in shown
    app = open_page("map", model=other.name)
    assert "No model is called" in app.warning[0].value


def test_a_visitor_has_so_many_and_no_larger_ones(
    open_page: Open, everyones: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAECORE_MAX_JOBS", "1")
    app = press(press(open_page("train"), "Start"), "Start")
    assert "expected at most 1 trainings of a visitor, got 2" in app.warning[0].value
    app.text_input(key="vae-digits-2 hidden").set_value("5000, 5000").run()
    assert "expected at most 20,000,000 parameters" in app.warning[-1].value


def test_a_visit_is_its_cookies_or_else_its_sessions() -> None:
    known, token = Visits(), "a" * 32
    assert known.owner("one", token) == known.owner("two", token)
    assert len({known.owner("one"), known.owner("two"), known.owner("one", token), known.owner("one", "b" * 32)}) == 4
    assert token not in known.owner("one", token)


@pytest.mark.parametrize("said", ["", "short", "a" * 33, "a" * 31 + ";", "é" * 32])
def test_a_cookie_that_is_none_of_ours_is_no_visit(said: str) -> None:
    assert headers.visit({headers.VISIT: said}) == ""
    (name, token), *_ = (part.split("=") for part in headers.new_visit().decode().split("; "))
    assert headers.visit({name: token}) == token
    assert headers.new_visit() != headers.new_visit()


def test_trainings_go_some_time_after_their_visit() -> None:
    known = Visits()
    owner = known.owner("gone")
    assert known.owner("gone") == owner != known.owner("there")
    assert "gone" not in owner
    assert known.over({owner}, 0.0) == set()
    assert known.over({owner}, visits.GRACE) == set()
    assert known.over({owner}, visits.GRACE + 1) == {owner}


def test_what_is_swept_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, left = jobs.start("pca-digits"), jobs.start("pca-digits", owner="visitor-before-the-server")
    known = Visits()
    known.sweep()
    assert jobs.find(left.name, left.owner).state == "waiting"
    monkeypatch.setattr(visits, "GRACE", -1.0)
    known.sweep()
    assert [job.owner for job in jobs.list(None)] == [mine.owner]


# In a browser


@pytest.mark.browser
def test_two_clicks_lead_to_a_curve_that_moves_and_one_more_to_the_map(visit: Visit, home: Path) -> None:
    page = visit("train")
    page.locator("[class*='st-key-vae-digits-2-epochs'] input").fill("40")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Start").click()
    page.wait_for_selector(".vc-run:has-text('left')", timeout=60_000)
    page.wait_for_selector(".vc-opens", timeout=120_000)
    name = page.locator("[class*='st-key-run'] button").first.inner_text()
    page.locator(".vc-opens a", has_text="Map of the codes").click()
    page.wait_for_selector("h1:has-text('Map of the codes')")
    settle(page)
    assert picked(page) == name
