"""Threads that share a job: every piece once, results in order, errors raised, no deadlocks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyalex.backends.numpy.thread_pool import ThreadPool

SECONDS = 20  # to wait for another thread before a test fails
POOLS = {threads: ThreadPool(threads) for threads in (1, 2, 4)}


@given(threads=st.sampled_from(sorted(POOLS)), seconds=st.lists(st.integers(0, 3), max_size=12))
def test_results_are_collected_in_the_order_of_the_pieces(threads: int, seconds: list[int]) -> None:
    collected: list[int] = []

    def work(piece: int) -> int:
        time.sleep(seconds[piece] / 10_000)  # later pieces may be done first
        return piece * piece

    POOLS[threads].run(work, list(range(len(seconds))), collected.append)
    assert collected == [piece * piece for piece in range(len(seconds))]


def test_a_result_that_is_early_waits_for_its_turn() -> None:
    second_is_done = threading.Event()
    collected: list[int] = []

    def work(piece: int) -> int:
        if piece == 0:
            assert second_is_done.wait(SECONDS)
        elif piece == 1:
            second_is_done.set()
        return piece

    ThreadPool(2).run(work, [0, 1, 2], collected.append)
    assert collected == [0, 1, 2]


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_every_piece_is_done_once(threads: int, count: int) -> None:
    seen: list[int] = []
    ThreadPool(threads).run(seen.append, list(range(count)))
    assert sorted(seen) == list(range(count))


def test_one_thread_works_in_order_and_alone() -> None:
    seen: list[tuple[int, int]] = []
    POOLS[1].run(lambda piece: seen.append((piece, threading.get_ident())), [0, 1, 2])
    assert seen == [(piece, threading.get_ident()) for piece in range(3)]


def test_the_caller_and_a_helper_work_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=SECONDS)
    seen: set[int] = set()

    def work(_: int) -> None:
        meeting.wait()
        seen.add(threading.get_ident())

    ThreadPool(2).run(work, [0, 1])
    assert len(seen) == 2 and threading.get_ident() in seen


def test_no_more_threads_than_pieces_are_asked_for() -> None:
    pool, seen = ThreadPool(8), set[int]()
    for _ in range(20):
        pool.run(lambda _: seen.add(threading.get_ident()) or time.sleep(0.0005), [0, 1])
    assert threading.get_ident() in seen
    assert pool._helpers._work_queue.qsize() == 0


def fail_in(helper: bool, pool: ThreadPool) -> list[int]:
    """Run a job of 100 pieces of which one fails, in a helper or in the caller."""
    caller, meeting = threading.get_ident(), threading.Barrier(2, timeout=SECONDS)
    done: list[int] = []

    def work(piece: int) -> None:
        if piece < 2:
            meeting.wait()  # each of the two threads has one of the first two pieces
            if (threading.get_ident() != caller) == helper:
                raise ZeroDivisionError(piece)
            time.sleep(0.05)  # the other thread continues after the error has ended the job
        done.append(piece)

    with pytest.raises(ZeroDivisionError):
        pool.run(work, list(range(100)))
    return done


@pytest.mark.parametrize("helper", [True, False], ids=["a helper", "the caller"])
def test_an_error_ends_the_job_and_is_raised(helper: bool) -> None:
    pool = ThreadPool(2)
    assert len(fail_in(helper, pool)) == 1, "pieces were started after the error"
    seen: list[int] = []
    pool.run(seen.append, [0, 1, 2])  # the next job runs normally
    assert sorted(seen) == [0, 1, 2]


@pytest.mark.parametrize("threads", [1, 2])
def test_results_before_an_error_are_collected_and_later_ones_are_not(threads: int) -> None:
    collected: list[int] = []

    def work(piece: int) -> int:
        if piece == 2:
            raise KeyboardInterrupt
        return piece

    with pytest.raises(KeyboardInterrupt):
        ThreadPool(threads).run(work, [0, 1, 2, 3, 4], collected.append)
    assert collected == [0, 1][: len(collected)]


@pytest.mark.parametrize("failing", ["caller", "tinyalex_0", "tinyalex_1"])
def test_an_error_is_raised_after_all_threads_have_finished(failing: str) -> None:
    """Otherwise a thread might still write after the caller has continued."""
    meeting, caller = threading.Barrier(3, timeout=SECONDS), threading.get_ident()
    ended: list[str] = []

    def work(_: int) -> None:
        thread = threading.current_thread()
        name = "caller" if thread.ident == caller else thread.name
        meeting.wait()
        if name == failing:
            raise ZeroDivisionError
        if name != "caller":
            time.sleep(0.1)
        ended.append(name)

    with pytest.raises(ZeroDivisionError):
        ThreadPool(3).run(work, [0, 1, 2])
    assert len(ended) == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_collect_is_raised(threads: int) -> None:
    def collect(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ThreadPool(threads).run(lambda piece: piece, [0, 1, 2], collect)


def test_a_job_inside_a_job_of_the_same_pool_ends() -> None:
    pool, sums = POOLS[2], []

    def work(piece: int) -> int:
        inner: list[int] = []
        pool.run(lambda i: piece * i, [0, 1, 2], inner.append)
        return sum(inner)

    pool.run(work, [0, 1, 2, 3], sums.append)
    assert sums == [0, 3, 6, 9]


def test_two_callers_share_a_pool() -> None:
    pool = ThreadPool(2)

    def job(_: int) -> list[int]:
        collected: list[int] = []
        pool.run(lambda piece: piece, list(range(20)), collected.append)
        return collected

    with ThreadPoolExecutor(2) as callers:
        for collected in callers.map(job, range(100), timeout=SECONDS):
            assert collected == list(range(20))


def test_a_helper_that_is_busy_elsewhere_is_not_waited_for() -> None:
    pool, release = ThreadPool(2), threading.Event()
    started = threading.Barrier(3, timeout=SECONDS)

    def block(_: int) -> None:
        started.wait()
        assert release.wait(SECONDS)

    with ThreadPoolExecutor(1) as other_caller:
        other = other_caller.submit(pool.run, block, [0, 1])
        started.wait()  # the only helper works for another caller now
        seen: list[int] = []
        pool.run(seen.append, [0, 1, 2])
        assert seen == [0, 1, 2] and not other.done()
        release.set()
        other.result(SECONDS)
