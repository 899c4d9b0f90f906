"""When a run is said not to learn, and what it is told to try."""

from __future__ import annotations

import math

import pytest

from tests.training.test_runs import Notes
from tinyalex import recipes, training
from tinyalex.training import loop, stall
from tinyalex.training.stall import StallWatch, advice

LEVEL = math.log(10)


def heard(lines, **settings):
    """What a watch says of lines of (loss, error), each of 50 steps."""
    watch = StallWatch(10, 63, **settings)
    return [said for loss, error in lines if (said := watch.add(loss, 50, error))]


def test_a_loss_that_stays_at_chance_is_a_stall():
    (said,) = heard([(LEVEL * 1.001, 0.902), (LEVEL, 0.898)] * 10, advice="something")
    assert "does not learn so far. Try something" in said


def test_a_loss_that_passes_the_level_on_its_way_down_is_no_stall():
    falling = [(LEVEL * (1 + share), 0.9) for share in (0.04, 0.01, -0.01, -0.04)]
    assert abs(sum(loss for loss, _ in falling) / 4 - LEVEL) < 1e-9
    assert not heard(falling)


def test_a_network_that_is_better_than_chance_learns_whatever_its_loss_is():
    assert not heard([(LEVEL, 0.86)] * 8)


def test_an_older_checkpoint_has_fewer_values():
    watch = StallWatch(10, 63)
    watch.load_state_dict({"steps": 150, "loss": 150 * LEVEL, "warned": False})
    assert watch.add(LEVEL, 50, 0.9)


@pytest.mark.parametrize(
    ("recipe", "has_caffe"),
    [("paper", True), ("caffe", False), ("tiny", False), ("cifar-80sec", False), ("mini", False)],
)
def test_a_recipe_is_advised_only_where_its_crop_fits(recipe, has_caffe):
    said = advice(recipes.get(recipe), 0.01)
    assert ("--recipe caffe" in said) is has_caffe
    assert "--lr than 0.01" in said


@pytest.mark.parametrize(("moves", "warned_after"), [(True, 12), (False, 6)])
def test_where_every_layer_moves_one_more_window_is_waited_for(
    config, monkeypatch, moves, warned_after
):
    monkeypatch.setattr(stall, "_FEWEST_STEPS", 6)
    monkeypatch.setattr(loop, "findings", lambda *_: [] if moves else ["conv1 hardly moves"])
    monkeypatch.setattr(StallWatch, "add", stalled_from(StallWatch.add))
    notes = Notes()
    training.train(config(ten_crops=False), notes)
    kinds = [kind for kind, _ in notes.heard]
    assert kinds.count("warning") == 1
    assert kinds[: kinds.index("warning")].count("epoch") == warned_after // 6 - 1


def stalled_from(add):
    """The watch is told of a loss at its level, whatever the network does."""
    return lambda self, loss, steps, error: add(self, math.log(self.num_classes), steps, 0.75)
