"""Every test runs with shapes and types checked, away from the network and from the user's own folders."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from at_hand import folder_with
from hypothesis import settings
from jaxtyping import install_import_hook
from platformdirs import user_cache_path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run on every core already; threads that wait for one would spin

if os.environ.get("VAECORE_CHECK_SHAPES", "1") != "0":
    install_import_hook("vaecore", "beartype.beartype")  # before vaecore is imported

import torch

from vaecore.data import Images, data_folder, dataset
from vaecore.evaluation import judges
from vaecore.serving import Explorer
from vaecore.serving.loading import load

PAGES = Path(__file__).parent / "app"
FOLDERS = {"mnist_folder", "fashion_folder", "static_folder", "couplets_folder"}  # fixtures that need downloaded data
HEARD = [number for number in (getattr(signal, name, None) for name in ("SIGHUP", "SIGINT", "SIGTERM")) if number]
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


def pytest_configure(config: pytest.Config) -> None:
    # The models of the tests are so small that a second thread costs more than it brings.
    torch.set_num_threads(1)
    settings.register_profile("repeatable", deadline=None, derandomize=True)
    settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The user's cache folder and that of jobs are empty ones; the data folder and the browser stay where they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAECORE_DATA", str(data_folder()))
        if sys.platform == "linux" and "PLAYWRIGHT_BROWSERS_PATH" not in os.environ:
            patch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(user_cache_path("ms-playwright")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("VAECORE_JOBS", str(tmp_path_factory.mktemp("jobs")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what looks at downloaded data: what asks for a folder with it, and the pages, which show it where it is."""
    for item in items:
        if FOLDERS & set(getattr(item, "fixturenames", ())) or PAGES in item.path.parents:
            item.add_marker("data")


@pytest.fixture(autouse=True)
def _only_what_was_asked_for(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test that is not marked `data` sees an empty data folder, so that it cannot come to depend on a full one."""
    if request.node.get_closest_marker("data") is None:
        monkeypatch.setenv("VAECORE_DATA", str(tmp_path / "no data"))


@pytest.fixture(autouse=True)
def _judges_learn_little(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What judges images of one's own is trained on one batch or two, but where judges are what is tested."""
    if request.path.stem != "test_judges" and request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(judges, "STEPS", 2)
        monkeypatch.setattr(judges, "EPOCHS", 1)


@pytest.fixture(autouse=True)
def _signals_arrive() -> Iterator[None]:
    """What a test starts hears every signal, though whoever started the tests ignores some, as nohup does."""
    ignored = [number for number in HEARD if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Only this machine can be reached."""
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def connect_here(self: socket.socket, address: Any) -> None:  # noqa: ANN401
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK):
            raise OSError(f"no network while testing: {address}")
        connect(self, address)

    def find_here(host: Any, *rest: Any, **options: Any) -> Any:  # noqa: ANN401
        if host and not str(host).startswith(LOOPBACK):
            raise socket.gaierror(f"no network while testing: {host}")
        return getaddrinfo(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        patch.setattr(socket, "getaddrinfo", find_here)
        yield


@pytest.fixture(scope="session")
def digits() -> Images:
    """scikit-learn's digits, the training split."""
    return dataset("digits", "train")


@pytest.fixture(scope="session")
def test_digits() -> Images:
    """scikit-learn's digits, the test split."""
    return dataset("digits", "test")


@pytest.fixture(scope="session")
def few(digits: Images) -> Images:
    """Thirty-two digits."""
    return digits.rows(torch.arange(32))


@pytest.fixture(scope="session")
def held(digits: Images) -> Images:
    """Sixteen others, to be measured on."""
    return digits.rows(torch.arange(32, 48))


@pytest.fixture(scope="session")
def vae() -> Explorer:
    return load("vae-digits-2", device="cpu")


@pytest.fixture(scope="session")
def cvae() -> Explorer:
    return load("cvae-digits-2", device="cpu")


@pytest.fixture(scope="session")
def autoencoder() -> Explorer:
    return load("ae-digits-2", device="cpu")


@pytest.fixture(scope="session")
def pca() -> Explorer:
    return load("pca-digits", device="cpu")


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    return folder_with("mnist")


@pytest.fixture(scope="session")
def fashion_folder() -> Path:
    return folder_with("fashion-mnist")


@pytest.fixture(scope="session")
def static_folder() -> Path:
    return folder_with("mnist", "mnist-static")


@pytest.fixture(scope="session")
def couplets_folder() -> Path:
    return folder_with("couplets")


@pytest.fixture(scope="session")
def mnist(mnist_folder: Path) -> tuple[Images, Images]:
    """MNIST's 60,000 training and 10,000 test images."""
    return dataset("mnist", "train", mnist_folder), dataset("mnist", "test", mnist_folder)
