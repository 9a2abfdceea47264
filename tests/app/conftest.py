"""A server as people start it, a real browser, and pages without either."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
import streamlit as st
from at_hand import lacking
from harness import MAIN, Open, Visit, serve, settle
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright
from streamlit.testing.v1 import AppTest

import vaecore
from app.pages import file_of
from vaecore import checkpoint

QUIET = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")
SHARED = "--process-per-site"  # tabs of one window are of one process, which has Streamlit's scripts compiled


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing cached from other tests, nothing left for them."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def no_data(fresh: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data folder; the network is away in every test."""
    monkeypatch.setenv("VAECORE_DATA", str(tmp_path))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sparse and a denoising model and their plain twin, after an epoch each."""
    folder = tmp_path_factory.mktemp("pretrained")
    one_layer = {"latent": 128, "hidden": (), "code": "sigmoid", "tied": True}
    for name in ("sparse-kl-digits", "denoising-digits"):
        vaecore.train(name, out=folder / name, device="cpu", epochs=1)
    vaecore.train("ae-digits-2", out=folder / "ae-digits-128", device="cpu", epochs=1, **one_layer)
    recipe = folder / "ae-digits-128" / "recipe.json"
    recipe.write_text(recipe.read_text().replace('"ae-digits-2"', '"ae-digits-128"'))
    return folder


@pytest.fixture
def trained(fresh: None, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These three among the pretrained models, in place of any shipped ones of their names."""
    monkeypatch.setattr("vaecore.checkpoint.SOURCES", (runs, *checkpoint.SOURCES))


@pytest.fixture
def open_page() -> Open:
    """Run a page without a browser: ``open_page("map", model="vae-digits-2")``."""

    def run(page: str, **parameters: str) -> AppTest:
        app = AppTest.from_file(MAIN, default_timeout=60)
        if page != "start":
            app.switch_page(file_of(page))
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.run()

    return run


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The explorer as ``python -m app`` starts it."""
    yield from serve(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="session")
def public_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The explorer as everyone's, in the slides of a page on this machine, found under a name of its own."""
    options = ("--public", "--allow-host", "explorer.test", "--embed", "http://localhost:*")
    yield from serve(tmp_path_factory.mktemp("public"), *options)


@pytest.fixture(scope="session")
def offline_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The explorer with an empty data folder."""
    folder = tmp_path_factory.mktemp("offline")
    yield from serve(folder, VAECORE_DATA=str(folder / "data"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: $CHROMIUM, the system's, or the one that ``playwright install chromium`` brought."""
    system = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=system, args=[*QUIET, SHARED])
        except Error:
            where = system or playwright.chromium.executable_path
            lacking(f"no Chromium at {where}: set CHROMIUM, or run `playwright install chromium`")
        yield running
        running.close()


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Callable[[int, str], BrowserContext]:
    """One browser context for each width and colour scheme; its cache keeps Streamlit's scripts."""

    @cache
    def window(width: int, scheme: Literal["light", "dark"]) -> BrowserContext:
        return browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)

    return window


@pytest.fixture
def visit(windows: Callable[[int, str], BrowserContext], server: str) -> Iterator[Visit]:
    """Open an address in a tab of its own; at the end there was no page error and no external request."""
    errors: list[str] = []
    external: list[str] = []
    tabs: list[Page] = []

    def is_external(url: str) -> bool:
        return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))

    def run(path: str, width: int = 1280, base: str = server, scheme: str = "light") -> Page:
        window = windows(width, scheme)
        if not window.pages:  # a tab that stays keeps the process
            window.new_page().goto(f"{base}/_stcore/health")
        page = window.new_page()
        tabs.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: external.append(request.url) if is_external(request.url) else None)
        page.goto(f"{base}/{path}")
        page.wait_for_selector("h1, [data-testid=stAlert]")
        settle(page)
        return page

    yield run
    for page in tabs:
        page.close()
    assert not errors
    assert not external
