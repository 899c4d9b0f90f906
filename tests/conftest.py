"""What every test shares: Hypothesis profiles and the folder of real images."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

# Several test processes share the cores; numpy reads this once, when it is first imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from tests.group.ranks import end_all  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]
DAY = "TINYALEX_TEST_DAY"

# "ci" draws the same examples every time, so that a failure is never a matter of luck.
# "long" hunts: HYPOTHESIS_PROFILE=long pytest ...
settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=25,
    deadline=None,  # an example that compiles a kernel takes as long as the machine is slow
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long",
    derandomize=False,  # also where CI is set, which else makes Hypothesis draw the same
    max_examples=10_000,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backend",
        default=os.environ.get("TINYALEX_TEST_BACKENDS", ""),
        help="run the common suites on these backends only, as in numpy,cuda; the first is 'auto'",
    )
    parser.addoption(
        "--one-of",
        type=int,
        default=1,
        help="run one of so many parts of the tests, each day the next one",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose day is another one; see --one-of."""
    parts = config.getoption("--one-of")
    today = int(os.environ[DAY]) % parts

    def is_due(item: pytest.Item) -> bool:
        return zlib.crc32(item.nodeid.encode()) % parts == today

    config.hook.pytest_deselected(items=[item for item in items if not is_due(item)])
    items[:] = filter(is_due, items)


def pytest_configure(config: pytest.Config) -> None:
    """Enrol the chosen backends only: `tests.backends` reads the variable."""
    os.environ.setdefault(DAY, str(date.today().toordinal()))  # one day for all processes
    chosen = [name for name in config.getoption("--backend").split(",") if name]
    if not chosen:
        return
    if os.environ.get("NUMBA_ENABLE_CUDASIM") == "1":
        import tests.backends  # noqa: F401 (there "cuda" is a double, and available)
    from tinyalex import backends

    here = backends.available()
    if missing := [name for name in chosen if name not in here]:
        raise pytest.UsageError(f"--backend: not available here: {missing}; there are {here}")
    os.environ["TINYALEX_TEST_BACKENDS"] = ",".join(chosen)
    order = chosen + [name for name in here if name not in chosen]
    backends.available = lambda: list(order)


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that an earlier test ran does not hear what this one's code says."""
    from tinyalex import notice

    monkeypatch.setattr(notice, "_listeners", [])
    monkeypatch.setattr(notice, "_warned", [])


@pytest.fixture(scope="session", autouse=True)
def files_are_not_for_a_power_cut() -> Iterator[None]:
    """Nobody waits for the disk: a training of a moment would wait for half of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with real image sets; the tests that need it skip where it is missing."""
    folder = Path(os.environ.get("TINYALEX_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder} (set TINYALEX_TEST_DATA)")
    return folder


@pytest.fixture
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """Kills what works in the test's folder after its end."""
    yield
    end_all(tmp_path)
