"""The charts of a run that is being trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinyalex.report.chart import Line, key, line_chart
from tinyalex.report.pictures import learning_rate_drops

Records = Sequence[Mapping[str, Any]]


def charts(steps: Records, epochs: Records) -> str:
    """Loss, error, learning rate and images per second, as HTML; empty before the first line.

    Parameters
    ----------
    steps, epochs : sequences of mappings
        Lines of metrics.jsonl: of steps, and of finished epochs.
    """
    if not steps and not epochs:
        return ""
    x = [line["epoch"] - 1 + line["step"] / line["steps_per_epoch"] for line in steps]
    ends = [float(line["epoch"]) for line in epochs]
    drops = learning_rate_drops(epochs)

    def of_steps(name: str, factor: float = 1.0) -> list[float]:
        return [factor * line[name] for line in steps]

    def with_test(name: str, factor: float) -> list[Line]:
        tests = [factor * line[f"test_{name}"] for line in epochs]
        training = Line("training", x, of_steps(name, factor), 0, dashed=False)
        return [training, Line("test", ends, tests, 1)]

    loss, error = with_test("loss", 1.0), with_test("error", 100.0)
    rate = [Line("learning rate", x, of_steps("lr"), 3)]
    speed = [Line("images per second", x, of_steps("images_per_second"), 2)]
    drawn = (
        line_chart(loss, "epoch", "loss (nats)", "Loss", marks=drops),
        line_chart(error, "epoch", "error (%)", "Error", marks=drops),
        line_chart(rate, "epoch", "learning rate", "Learning rate"),
        line_chart(speed, "epoch", "images/s", "Images per second"),
    )
    return key(loss, "learning rate drops" if drops else "") + (
        f'<div class="charts">{"".join(drawn)}</div>'
    )
