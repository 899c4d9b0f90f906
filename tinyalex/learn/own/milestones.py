"""Six milestones on the way to an AlexNet of one's own.

Each one names the parts that must be the student's, runs them for real, and says how well it went.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinyalex import backends, data
from tinyalex.errors import ConfigError, TinyalexError
from tinyalex.evaluation.views import view_probabilities
from tinyalex.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential
from tinyalex.learn import fitting
from tinyalex.learn.own import supply
from tinyalex.learn.own.answers import OwnAnswer
from tinyalex.learn.own.digits import trained_tiny
from tinyalex.learn.own.operations import OwnOperations, is_simulated
from tinyalex.learn.own.parts import Part, parts_of
from tinyalex.learn.own.remembered import Remembered
from tinyalex.models import build

SIMULATED = 10  # digits that milestone 6 classifies in the simulator, which is slow
CIFAR_IMAGES, CIFAR_TEST = 2000, 500


class MissedError(TinyalexError, RuntimeError):
    """A milestone was tried and not reached."""

    exit_code = 1


@dataclass(frozen=True)
class Milestone:
    """A step towards the student's own network.

    Attributes
    ----------
    number : int
    title : str
    parts : function of OwnOperations
        The parts of its network.
    needs : tuple of str
        The operations that must be the student's; empty: all parts.
    run : function of OwnOperations and the folder of data sets
        Does it; returns the result in words, or raises `MissedError`. None for milestone 4, which
        is a whole run.
    exercise : str
        An exercise that must be among the answers.
    """

    number: int
    title: str
    parts: Callable[[OwnOperations], list[Part]]
    needs: tuple[str, ...] = ()
    run: Callable[[OwnOperations, Path | None], str] | None = None
    exercise: str = ""

    def missing(self, operations: OwnOperations) -> list[str]:
        """What must still be written: exercises, alternatives with "or"."""
        if self.exercise and self.exercise not in operations.answers:
            return [self.exercise]
        wanted = [
            part
            for part in self.parts(operations)
            if not self.needs or part.operation in self.needs
        ]
        lacking = [" or ".join(part.candidates[:2]) for part in wanted if not part.is_own]
        return list(dict.fromkeys(lacking))

    def uses(self, operations: OwnOperations) -> dict[str, OwnAnswer]:
        """The answers that it is reached with."""
        wanted = [part for part in self.parts(operations) if part.is_own]
        names = {name for part in wanted for name in part.exercises}
        names |= {self.exercise} if self.exercise else set()
        return {name: operations.answers[name] for name in sorted(names)}


def classify_digits(operations: OwnOperations, count: int | None = None) -> str:
    """Classify the test digits with the package's weights through the student's forward pass.

    Raises
    ------
    MissedError
        A probability differs from that of the package's own code.
    """
    test = data.load("digits").test
    test = test if count is None else test.subset(np.arange(count))
    numpy = backends.get("numpy", threads=1)
    p = [_probabilities(backend, test) for backend in (operations.backend(numpy), numpy)]
    different = np.abs(p[0] - p[1]).max(axis=1) > 1e-3
    if different.any():
        raise MissedError(
            f"{int(different.sum())} of {len(test)} digits get other probabilities from your code "
            f"than from the package's, the first at image {int(different.argmax())}",
            "tinyalex exercise check on each answer that is used",
        )
    wrong = int((p[0].argmax(axis=1) != test.labels).sum())
    return f"{len(test) - wrong} of {len(test)} digits right, with the package's weights"


def _probabilities(backend: backends.Backend, split: data.Split) -> np.ndarray:
    model, preprocessing = trained_tiny(backend)
    loader = preprocessing.loader(split, backend, batch_size=60)
    return np.concatenate([p for p, _ in view_probabilities(model, loader)])


def learn_linear(operations: OwnOperations, root: Path | None) -> str:
    """Train a linear classifier on the digits."""
    digits = data.load("digits")
    return _learn(_linear(), operations, digits, 5, 0.01, most=0.1)


def learn_cnn(operations: OwnOperations, root: Path | None) -> str:
    """Train a small convolutional network on the digits."""
    digits = data.load("digits")
    return _learn(_cnn(), operations, digits, 5, 0.02, most=0.1)


def learn_cifar(operations: OwnOperations, root: Path | None) -> str:
    """Train a small convolutional network on photographs."""
    photographs = data.load("cifar10", root=root)
    sizes = CIFAR_IMAGES, CIFAR_TEST
    return _learn(_cifar_cnn(), operations, photographs, 4, 0.01, most=0.75, sizes=sizes)


def _learn(
    network: Layer,
    operations: OwnOperations,
    dataset: data.Dataset,
    epochs: int,
    lr: float,
    most: float,
    sizes: tuple[int | None, int | None] = (None, None),
) -> str:
    """Train for some epochs; the test error must be at most ``most``."""
    network.to(operations.backend(backends.get("numpy", threads=1)))
    train, test = (
        fitting.arrays(split, size)
        for split, size in zip((dataset.train, dataset.test), sizes, strict=True)
    )
    fitting.fit(network, *train, epochs=epochs, lr=lr)
    error = fitting.error(network, *test)
    found = f"test error {100 * error:.1f} % on {len(test[1])} images of {dataset.name}"
    if not error <= most:  # NaN is not
        raise MissedError(
            f"{found}; wanted at most {100 * most:.0f} %", "another answer for a part of it"
        )
    return found


def _linear() -> Sequential:
    return Sequential([Flatten(), Linear(256, 10)])


def _cnn() -> Sequential:
    return Sequential(
        [Conv2d(1, 8, 3, stride=2, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(128, 10)]
    )


def _cifar_cnn() -> Sequential:
    return Sequential(
        [Conv2d(3, 16, 5, padding=2), ReLU(), MaxPool2d(3, 2), Flatten(), Linear(3600, 10)]
    )


def _parts(network: Callable[[], Sequential]) -> Callable[[OwnOperations], list[Part]]:
    return lambda operations: parts_of([y for _, y in network().named_layers()], operations, None)


def _tiny(operations: OwnOperations) -> list[Part]:
    return parts_of([layer for _, layer in build("tiny").named_layers()], operations)


_FORWARD = ("conv2d", "linear", "local_response_norm", "max_pool2d", "relu")


def _forward(operations: OwnOperations) -> list[Part]:
    return [part for part in _tiny(operations) if part.operation in _FORWARD]


def _by_kernel(operations: OwnOperations) -> list[Part]:
    return [part for part in _tiny(operations) if part.operation == "conv2d"]


def simulate_kernel(operations: OwnOperations, root: Path | None) -> str:
    """Classify digits with the student's CUDA kernel: some in the simulator, all on a GPU."""
    on_gpu = not is_simulated() and _has_gpu()
    if not (on_gpu or is_simulated()):
        raise ConfigError(
            "milestone 6 needs a GPU or Numba's simulator, which is off",
            "NUMBA_ENABLE_CUDASIM=1 before the command",
        )
    kernel = {supply.IM2COL_CUDA: operations.answers[supply.IM2COL_CUDA]}
    found = classify_digits(
        OwnOperations(kernel, im2col=supply.IM2COL_CUDA), None if on_gpu else SIMULATED
    )
    return f"{found}; your kernel ran {'on a GPU' if on_gpu else 'in the simulator'}"


def _has_gpu() -> bool:
    from numba import cuda

    return bool(cuda.is_available())  # type: ignore[no-untyped-call]


MILESTONES = (
    Milestone(
        1,
        "your forward pass classifies digits",
        _forward,
        run=lambda operations, root: classify_digits(operations),
    ),
    Milestone(
        2, "your linear layer, loss and step learn digits", _parts(_linear), run=learn_linear
    ),
    Milestone(3, "a CNN learns with your backward passes", _parts(_cnn), run=learn_cnn),
    Milestone(4, "all of tiny is yours, and it learns digits", _tiny),
    Milestone(
        5,
        "your Numba im2col learns CIFAR-10",
        _parts(_cifar_cnn),
        ("conv2d",),
        learn_cifar,
        "18_im2col_numba",
    ),
    Milestone(
        6,
        "your CUDA kernel classifies digits",
        _by_kernel,
        ("im2col",),
        simulate_kernel,
        "19_im2col_cuda",
    ),
)
MOST_ERROR = 0.05  # of milestone 4's run


def get(number: int) -> Milestone:
    """A milestone by its number."""
    for milestone in MILESTONES:
        if milestone.number == number:
            return milestone
    raise ConfigError(f"milestone must be from 1 to {len(MILESTONES)} (got {number})", "1")


def states(
    memory: Remembered, answers: Mapping[str, OwnAnswer], passed: Mapping[str, OwnAnswer]
) -> list[tuple[Milestone, str, bool]]:
    """Each milestone, its state in words, and whether it is reached.

    Parameters
    ----------
    answers : dict of str to OwnAnswer
        The files that are there now.
    passed : dict of str to OwnAnswer
        Those with a right answer.
    """
    operations, found = OwnOperations(passed), []
    for milestone in MILESTONES:
        known = memory.milestones.get(str(milestone.number))
        changed = memory.changed(milestone.number, answers) if known else []
        missing = milestone.missing(operations)
        if known and not changed:
            found.append((milestone, f"reached: {known['result']}", True))
        elif known:
            found.append((milestone, f"was reached; changed since: {', '.join(changed)}", False))
        elif missing:
            found.append((milestone, f"needs {', '.join(missing)}", False))
        else:
            where = f"exercise train {memory.folder} --milestone {milestone.number}"
            found.append((milestone, f"within reach: tinyalex {where}", False))
    return found
