"""Which batches a run has captured; what a graph does is in `cuda_graph.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.training.conftest import BATCH
from tinyalex import layers, training
from tinyalex.training import gradients
from tinyalex.training.captured import CapturedPass


@pytest.mark.parametrize(("graph", "captured"), [(True, BATCH), (False, 0)])
def test_the_setting_decides_whether_batches_are_captured(
    config: Any, graph: bool, captured: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    suits = CapturedPass.suits

    def remember(model: Any, images: int) -> bool:
        asked.append(images)
        return suits(model, images)

    monkeypatch.setattr(gradients.CapturedPass, "suits", remember)
    training.train(config(graph=graph, epochs=1))
    assert asked == [captured]
    assert training.read_config(config().out).graph is graph


def test_a_mask_may_be_drawn_before_its_batch_comes() -> None:
    x = np.ones((2, 9))
    early, late = layers.Dropout(seed=3), layers.Dropout(seed=3)
    early.drawn = early.draw(x.shape)
    np.testing.assert_array_equal(early.forward(x), late.forward(x))
    assert early.draws == late.draws == 1
