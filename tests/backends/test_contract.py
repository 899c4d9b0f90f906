"""What every backend promises besides its kernels."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.backends import BACKENDS
from tests.backends.strict import StrictBackend
from tinyalex import backends, functional
from tinyalex.backends import Backend
from tinyalex.errors import BackendError, ConfigError


@pytest.fixture(params=BACKENDS.values(), ids=BACKENDS.keys())
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


def test_auto_is_an_available_backend() -> None:
    assert backends.get("auto").name in backends.available()
    assert "numpy" in backends.available()


def test_a_backend_is_returned_as_it_is() -> None:
    strict = StrictBackend()
    assert backends.get(strict) is strict


def test_an_unknown_backend_suggests_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="'numpi'[\\s\\S]*'numpy'"):
        backends.get("numpi")


@pytest.mark.parametrize("name", sorted({"cuda", "numba"} - set(backends.available())))
def test_a_backend_that_cannot_run_here_says_so(name: str) -> None:
    with pytest.raises(BackendError, match=f"'{name}'[\\s\\S]*Try: .*numpy"):
        backends.get(name)


def test_a_number_of_threads_below_1_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        backends.get("numpy", threads=0)


def test_arrays_travel_there_and_back(backend: Backend) -> None:
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(backend.to_host(backend.asarray(a)), a)
    assert backend.to_host(backend.asarray(a, dtype="float32")).dtype == np.float32


def test_is_floating_tells_floats_from_the_rest(backend: Backend) -> None:
    assert backend.is_floating(backend.asarray(np.zeros(1, np.float32)))
    assert not backend.is_floating(backend.asarray(np.zeros(1, np.int64)))


def test_random_numbers_are_a_function_of_their_key(backend: Backend) -> None:
    def draw(*key: int) -> list[np.ndarray]:
        generator = backend.generator(*key)
        return [
            backend.to_host(generator.random((50,), dtype="float64")),
            backend.to_host(generator.normal((50,), std=2.0)),
            backend.to_host(generator.integers(3, 9, 50)),
        ]

    one, two, other = draw(1, 2, 3), draw(1, 2, 3), draw(1, 3, 2)
    for a, b, c in zip(one, two, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)
    uniform, normal, whole = one
    assert uniform.dtype == np.float64 and normal.dtype == np.float32
    assert uniform.min() >= 0 and uniform.max() < 1
    assert set(whole) <= set(range(3, 9))


@pytest.mark.parametrize("n", [0, 1, 7])
@pytest.mark.parametrize("bytes_per_item", [0, 1, 1 << 21, 1 << 40])
def test_slices_cover_the_batch_once_and_in_order(
    backend: Backend, n: int, bytes_per_item: int
) -> None:
    slices = backend.slices(n, bytes_per_item)
    covered = [i for s in slices for i in range(s.start, s.stop)]
    assert covered == list(range(n))
    assert slices, "an empty batch still gets one, empty, slice"


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_each_and_run_visit_every_item_with_any_number_of_threads(threads: int) -> None:
    backend = backends.get("numpy", threads=threads)
    values = np.random.default_rng(0).standard_normal(40).astype(np.float32)
    seen = np.zeros(40, dtype=int)

    def visit(n: slice) -> None:
        seen[n] += 1

    backend.each(visit, 40, 1 << 21)
    assert (seen == 1).all()
    slices = backend.slices(40, 1 << 21)
    (total,) = backend.run(lambda n: (values[n].sum(),), slices)
    (single,) = backends.get("numpy", threads=1).run(lambda n: (values[n].sum(),), slices)
    assert total.tobytes() == single.tobytes()


def test_two_threads_do_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=20)
    backends.get("numpy", threads=2).each(lambda _: meeting.wait(), 2, 1 << 40)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_slice_reaches_the_caller(threads: int) -> None:
    def fail(_: slice) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        backends.get("numpy", threads=threads).each(fail, 4, 1 << 40)


def operations_of(kind: type[Backend]) -> dict[str, object]:
    """What a class makes of each name of `functional` that a backend has."""
    return {name: getattr(kind, name) for name in functional.__all__ if hasattr(kind, name)}


KINDS = {name: type(b) for name, b in BACKENDS.items()}


@pytest.mark.parametrize("name", KINDS)
def test_the_table_of_replacements_names_each_and_no_other(name: str) -> None:
    own, textbook = operations_of(KINDS[name]), operations_of(Backend)
    assert set(KINDS[name].replaces) == {n for n in own if own[n] is not textbook[n]}
    assert all(len(reason) > 5 for reason in KINDS[name].replaces.values())


@pytest.mark.parametrize("name", backends.available())
def test_a_plain_backend_is_the_textbook_on_the_same_arrays(name: str) -> None:
    backend = backends.get(name)
    plain = backend.plain()
    assert isinstance(plain, type(backend)) and plain.xp is backend.xp
    kept = set(plain.keeps)
    own, textbook = operations_of(type(plain)), operations_of(Backend)
    assert {n for n in own if own[n] is not textbook[n]} == kept
    assert backend.replaces and backends.get(name) is backend  # it stays as it was


def test_a_batch_is_cut_and_joined_as_if_it_were_whole(backend: Backend) -> None:
    """Results per image and results that are summed, with slices that do not fit evenly."""
    x, dy = (np.random.default_rng(i).standard_normal((7, 2, 4, 5)) for i in range(2))
    w = np.random.default_rng(2).standard_normal((2, 2, 3, 3))
    expected = functional.conv2d_backward(dy, x, w, (1, 1), (1, 1), 1)
    found = backend.conv2d_backward(*map(backend.asarray, (dy, x, w)), (1, 1), (1, 1), 1)
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(backend.to_host(got), wanted, rtol=1e-10, atol=1e-10)


def test_the_strict_backend_refuses_to_mix_arrays() -> None:
    strict = StrictBackend()
    with pytest.raises(TypeError, match="got ndarray"):
        strict.to_host(np.zeros((1, 1, 2, 2)))
    with pytest.raises(TypeError):
        strict.asarray(np.zeros(2)) + np.zeros(2)
