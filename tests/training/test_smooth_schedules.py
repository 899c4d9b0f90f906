"""Schedules as objects, against PyTorch's `lr_scheduler`; composition, state, recipes."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyalex import recipes, training
from tinyalex.errors import ConfigError
from tinyalex.training import (
    Cosine,
    Exponential,
    OneCycle,
    Plateau,
    Polynomial,
    Schedule,
    Steps,
    WarmUp,
    schedules,
)

RATES = st.floats(1e-4, 1.0)
EPOCHS = st.integers(1, 8)
STEPS = st.integers(1, 6)


def pytorchs(make: Any, lr: float, steps: int, errors: list[float] | None = None) -> list[float]:
    """The learning rate of each of so many steps of PyTorch's schedule."""
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schedule = make(torch.optim.lr_scheduler, optimizer)
        for step in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            if errors is None:
                optimizer.step()
                schedule.step()
            else:
                schedule.step(errors[step])
    return found


@given(RATES, EPOCHS, STEPS, st.floats(0, 1))
def test_cosine_is_pytorchs(lr: float, epochs: int, steps: int, share: float) -> None:
    total = epochs * steps
    wanted = pytorchs(lambda s, o: s.CosineAnnealingLR(o, total, eta_min=lr * share), lr, total)
    ours = Cosine(lr, epochs, final_lr=lr * share).curve(epochs, steps)
    np.testing.assert_allclose(ours, wanted, rtol=1e-6, atol=1e-9)


@given(RATES, EPOCHS, st.integers(2, 6), st.floats(0.1, 0.9), st.floats(1, 100))
def test_one_cycle_is_pytorchs(
    lr: float, epochs: int, steps: int, rise: float, start: float
) -> None:
    total = epochs * steps
    if rise * total <= 1:
        return  # PyTorch divides by zero, or begins after the maximum

    def make(s: Any, o: Any) -> Any:
        return s.OneCycleLR(
            o, lr, total_steps=total, pct_start=rise, div_factor=start, cycle_momentum=False
        )

    wanted = pytorchs(make, lr, total)
    ours = OneCycle(lr, epochs, rise=rise, start=start).curve(epochs, steps)
    np.testing.assert_allclose(ours, wanted, rtol=1e-6, atol=1e-9)


@given(RATES, EPOCHS, STEPS, st.integers(1, 4))
def test_a_warm_up_of_a_cosine_is_pytorchs_chain(
    lr: float, epochs: int, steps: int, warm: int
) -> None:
    total, rising = epochs * steps, warm * steps

    def make(s: Any, o: Any) -> Any:
        if rising == 1:
            return s.CosineAnnealingLR(o, total)
        first = s.LinearLR(o, start_factor=1 / rising, total_iters=rising - 1)
        return s.ChainedScheduler([first, s.CosineAnnealingLR(o, total)], optimizer=o)

    ours = WarmUp(warm, Cosine(lr, epochs)).curve(epochs, steps)
    np.testing.assert_allclose(ours, pytorchs(make, lr, total), rtol=1e-6, atol=1e-9)


@given(RATES, EPOCHS, st.data())
def test_the_schedules_by_epochs_are_pytorchs(lr: float, epochs: int, data: Any) -> None:
    factor = data.draw(st.floats(0.1, 0.9))
    at = data.draw(st.lists(st.integers(1, 8), max_size=3))
    power = data.draw(st.floats(0.5, 3))
    pairs: list[tuple[Schedule, Any]] = [
        (Steps(lr, at, factor), lambda s, o: s.MultiStepLR(o, at, factor)),
        (Exponential(lr, factor), lambda s, o: s.ExponentialLR(o, factor)),
        (Polynomial(lr, epochs, power), lambda s, o: s.PolynomialLR(o, epochs, power)),
    ]
    for ours, make in pairs:
        np.testing.assert_allclose(ours.curve(epochs), pytorchs(make, lr, epochs), rtol=1e-6)


@given(RATES, st.integers(1, 4), st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), max_size=20))
def test_plateau_is_pytorchs(lr: float, patience: int, errors: list[float]) -> None:
    ours, found = Plateau(lr, 0.5, patience, drops=100), []
    for error in errors:
        found.append(ours.lr)
        ours.epoch_end(error)

    def make(s: Any, o: Any) -> Any:
        return s.ReduceLROnPlateau(o, factor=0.5, patience=patience - 1, threshold=0, eps=0)

    np.testing.assert_allclose(found, pytorchs(make, lr, len(errors), errors), rtol=1e-6)


MAKERS = st.sampled_from(
    [
        lambda: Cosine(0.1, 6),
        lambda: OneCycle(0.1, 6),
        lambda: Plateau(0.1, 0.5, 1, 3),
        lambda: WarmUp(2.5, OneCycle(0.1, 6)),
        lambda: WarmUp(1, WarmUp(2, Plateau(0.1, patience=1), start=0.5)),
    ]
)


@given(MAKERS, st.integers(0, 8), STEPS)
def test_a_schedule_continues_where_its_state_was_taken(make: Any, done: int, steps: int) -> None:
    whole, first, second = make(), make(), make()
    first.curve(done, steps)
    second.load_state_dict(first.state_dict())
    assert whole.curve(done + 5, steps)[done * steps :] == second.curve(5, steps)
    assert set(first.state_dict()) == set(first.keeps())


@settings(max_examples=30)
@given(MAKERS, STEPS)
def test_after_the_last_epoch_the_learning_rate_stays_above_zero(make: Any, steps: int) -> None:
    schedule = make()
    assert all(lr > 0 for lr in schedule.curve(9, steps)) and schedule.lr > 0
    assert all(math.isfinite(v) for v in schedule.state_dict().values())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Cosine(0, 5), "lr must be a number above 0"),
        (lambda: Cosine(0.1, 0), "epochs must be a number of at least 1"),
        (lambda: OneCycle(0.1, 5, rise=1), "rise must be below 1"),
        (lambda: Steps(0.1, epochs="2"), r"epochs must be a list \(got '2'\)"),
        (lambda: Steps(0.1, epochs=3), r"epochs must be a list \(got 3\)"),
        (lambda: Steps(0.1, epochs=["2"]), "epochs must be a number above 0"),
        (lambda: WarmUp(1, 0.1), "must be a Schedule"),
        (lambda: WarmUp(-1, Cosine(0.1, 5)), "epochs must be a number of at least 0"),
        (lambda: Plateau(0.1, patience=0), "patience must be a number of at least 1"),
    ],
)
def test_impossible_numbers_are_refused(make: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make()


@pytest.mark.parametrize("kind", ["cosine", "one-cycle"])
def test_a_recipe_may_name_them_and_a_run_resumes_with_them(
    kind: str, config: Any, tmp_path: Any
) -> None:
    recipe = replace(recipes.get("tiny"), schedule={"kind": kind}, warmup=0.5)
    assert recipes.Recipe.from_dict(recipe.to_dict()) == recipe
    made = schedules.of_run(config(recipe=recipe, epochs=3).resolved())
    assert isinstance(made, WarmUp) and made.schedule.epochs == 3  # type: ignore[attr-defined]
    run = config("run", recipe=recipe, epochs=2)
    training.train(run)
    assert training.resume(run.out, epochs=3)["epochs"] == 3
