"""The package as it is installed elsewhere: built, unpacked outside the folder, and run there."""

import os
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from email import message_from_string
from importlib.util import find_spec
from pathlib import Path

import pytest
from at_hand import lacking
from harness import MAIN, serve

import vaecore

ROOT = MAIN.parents[1]
PLACES = {"app": "app", "vaecore": "vaecore", "pretrained": "vaecore/pretrained"}  # in the folder, in the wheel
PAGE = """
from pathlib import Path
import app, vaecore
from streamlit.testing.v1 import AppTest
shown = AppTest.from_file(Path(app.__file__).with_name("main.py"), default_timeout=60)
shown.query_params["model"] = "vae-digits-2"
assert not shown.switch_page("views/generate.py").run().exception
print(app.__file__, vaecore.__file__, len(vaecore.names()), sep="\\n")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("hatchling") is None:
        lacking("hatchling builds the wheel and is not here; `pip install -e '.[dev]'` brings it")
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is unpacked, without what it needs, which is here already."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--target", str(folder), str(wheel))
    return folder


@pytest.fixture
def elsewhere(installed: Path, tmp_path: Path) -> Callable[..., str]:
    """Runs a command in an empty folder, with what is installed and not what is in the project's folder."""

    def run(*words: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(installed)}
        return subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=120
        ).stdout

    return run


def pip(command: str, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", command, "--quiet", "--no-deps", "--no-index", *words], check=True)


def test_it_holds_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for ours, place in PLACES.items():
        files = [path.relative_to(ROOT / ours) for path in (ROOT / ours).rglob("*") if path.is_file()]
        expected = {f"{place}/{path.as_posix()}" for path in files if "__pycache__" not in path.parts}
        assert expected
        assert expected - names == set()
    assert {
        "vaecore/py.typed",
        "app/py.typed",
        "app/static/style.css",
        "vaecore/pretrained/pca-digits/card.json",
    } < names
    assert {name.split("/")[0] for name in names} == {"app", "vaecore", f"vaecore-{vaecore.__version__}.dist-info"}


def test_it_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (place,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        said = message_from_string(archive.read(place).decode())
        licence = archive.read(place.replace("METADATA", "licenses/LICENSE")).decode()
    assert (said["Name"], said["Version"]) == ("vaecore", vaecore.__version__)
    assert (said["License-Expression"], said["Author"]) == ("MIT", "the vaecore authors")
    assert "Typing :: Typed" in said.get_all("Classifier")
    assert licence.startswith("MIT License\n\nCopyright (c) 2026 the vaecore authors\n")
    assert f"## {vaecore.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_its_version_is_known_before_torch_is_there(elsewhere: Callable[..., str]) -> None:
    program = "import sys, vaecore; print(vaecore.__version__, 'torch' in sys.modules, vaecore.__file__)"
    version, loaded, file = elsewhere(sys.executable, "-c", program).split()
    assert (version, loaded) == (vaecore.__version__, "False")
    assert ROOT not in Path(file).parents


def test_the_command_line_runs_from_anywhere(elsewhere: Callable[..., str], installed: Path) -> None:
    listed = elsewhere(str(installed / "bin" / "vaecore"), "list")
    assert elsewhere(sys.executable, "-m", "vaecore", "list") == listed
    assert all(f"  {name} " in listed for name in vaecore.names())


def test_the_explorer_opens_from_anywhere(elsewhere: Callable[..., str], installed: Path, tmp_path: Path) -> None:
    explorer, package, models = elsewhere(sys.executable, "-c", PAGE).split()
    assert Path(explorer).parents[1] == Path(package).parents[1] == installed
    assert int(models) == len(vaecore.names())
    for address in serve(tmp_path, PYTHONPATH=str(installed)):
        with urllib.request.urlopen(address) as answer:
            assert b"<title>" in answer.read()
