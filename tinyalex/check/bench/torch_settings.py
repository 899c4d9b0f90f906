"""PyTorch at its best: each setting is tried in short runs, and the fastest is kept.

``channels_last`` is the memory format of images and weights, ``fused`` the optimizer in a single
pass, ``compile`` a mode of torch.compile, ``weights`` their dtype where the job is in bfloat16, and
``gather`` crops by one indexing operation, not image by image.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from tinyalex.check.bench.job import Job, Work

Settings = dict[str, Any]

# A trial ends after this time or these many calls.
_TRIAL_SECONDS, _TRIAL_CALLS = 1.0, 20


@dataclass(frozen=True)
class Trial:
    """One choice of settings.

    Attributes
    ----------
    settings : dict
    images_per_second : of the fastest call; None if PyTorch cannot run with these settings
    first_call_seconds : the first call's, in which torch.compile compiles
    problem : why it could not run
    """

    settings: Settings
    images_per_second: float | None = None
    first_call_seconds: float = 0.0
    problem: str = ""


def tried(job: Job) -> dict[str, tuple[Any, ...]]:
    """The values of each setting of a job's task, in the order of trying; the first is PyTorch's.

    On a GPU "reduce-overhead" replays the step as CUDA graphs; on a CPU it is the default mode.
    """
    if job.task == "data":
        return {"gather": (False, True)}
    graphs = ("reduce-overhead",) if job.device == "cuda" else ()
    values: dict[str, tuple[Any, ...]] = {"channels_last": (False, True)}
    if job.task == "train":
        values["fused"] = (False, True)
    elif job.precision == "bf16":
        values["weights"] = ("float32", "bfloat16")
    if not job.compile:
        return values
    return values | {"compile": ("off", "default", *graphs, "max-autotune")}


def choose(job: Job, work: Callable[[Job], Work]) -> tuple[Settings, list[dict[str, Any]]]:
    """Try the settings of a job's task; return the fastest, and all trials as dicts.

    Greedy: each setting is tried with the best choice of the previous ones. torch.compile may
    prefer another memory format: its fastest mode is tried with both.
    """
    values = tried(job)
    trials = [_trial(job, {name: each[0] for name, each in values.items()}, work)]
    if trials[0].problem:
        raise RuntimeError(trials[0].problem)

    def best() -> Settings:
        return max(trials, key=lambda trial: trial.images_per_second or 0).settings

    for name, others in values.items():
        for other in others[1:]:
            trials.append(_trial(job, {**best(), name: other}, work))
    if compiled := [trial for trial in trials if trial.settings.get("compile", "off") != "off"]:
        fastest = max(compiled, key=lambda trial: trial.images_per_second or 0).settings
        other_format = not fastest["channels_last"]
        trials.append(_trial(job, {**fastest, "channels_last": other_format}, work))
    return best(), [asdict(trial) for trial in trials]


def _trial(job: Job, settings: Settings, work: Callable[[Job], Work]) -> Trial:
    try:
        first, images_per_second = _time(work(replace(job, settings=settings)))
    except Exception as error:  # no C++ compiler, too little memory, an operation it cannot do
        told = str(error).strip().split("\n")[0][:200]
        return Trial(settings, problem=f"{type(error).__name__}: {told}")
    finally:
        gc.collect()
    return Trial(settings, images_per_second, first)


def _time(work: Work) -> tuple[float, float]:
    """Seconds of the first call; images per second of the fastest call after the second.

    With CUDA graphs the second call records them.
    """
    first, _ = work.seconds(1), work.seconds(1)
    spent: list[float] = []
    while sum(spent) < _TRIAL_SECONDS and len(spent) < _TRIAL_CALLS:
        spent.append(work.seconds(1))
    return first, work.images / max(min(spent), 1e-9)
