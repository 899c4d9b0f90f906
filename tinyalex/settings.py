"""The settings of a run: each is defined here, once.

From here come the options of `tinyalex train`, the checks of values and of config.json, which
settings may change on resume, the values of older runs, and the docstring of
`tinyalex.training.RunConfig`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from textwrap import fill, indent
from typing import Any, get_args, get_type_hints

from tinyalex.errors import ConfigError
from tinyalex.recipes import Recipe
from tinyalex.recipes.checks import MOST_BATCH, MOST_EPOCHS
from tinyalex.typed import Kind, Mismatch, bounded, one_of

MOST_THREADS = 100_000

_FROM_1 = {"least": 1, "must": "a whole number of at least 1", "instead": "1, or leave it out"}
_THREADS = {"least": 1, "most": MOST_THREADS, "must": "at least 1", "instead": "1"}


@dataclass(frozen=True)
class About:
    """Everything about a setting besides its name, its type and its default.

    Attributes
    ----------
    help : for the command and `RunConfig`'s docstring
    least, above, most : bounds; for text, ``most`` is the number of characters
    words : the allowed values in a file
    must, instead : "NAME must be MUST. Try: NAME=INSTEAD"; without them only files are checked
    on_resume : whether a resumed run may have another value than before
    older : the value in runs of older versions, whose config.json lacks the setting
    option : whether `tinyalex train` has an option for it
    was : what older versions called it
    own : whether each worker of a run may have its own, such as a path
    """

    help: str
    least: float | None = None
    above: float | None = None
    most: float | None = None
    words: tuple[str, ...] = ()
    must: str = ""
    instead: str = ""
    on_resume: bool = False
    older: Any = ...
    option: bool = True
    was: str = ""
    own: bool = False

    def kind(self, hint: Any) -> Kind:
        """The kind that a value must have, from its type hint and the bounds."""
        bounds = {"least": self.least, "above": self.above, "most": self.most}
        known = {name: bound for name, bound in bounds.items() if bound is not None}
        return one_of(*self.words) if self.words else bounded(hint, **known)


def setting(default: Any, help: str, **known: Any) -> Any:
    """Define a field of `Settings`; ``known`` are the attributes of `About`."""
    return field(default=default, metadata={"about": About(help, **known)})


@dataclass(frozen=True)
class Settings:
    """All settings of a run. None stands for the model's or the recipe's value."""

    data: str = setting(
        "digits",
        "digits (default), moved-digits, cifar10, a part of these (cifar10@10000, "
        "cifar10@held-out), or a folder with one sub-folder per class. With --resume: the new "
        "place of the run's data.",
        most=65_536,
        on_resume=True,
        own=True,
    )
    model: str | None = setting(
        None,
        "See `tinyalex model`. Default: the recipe's model, or one that suits the data: tiny for "
        "digits, alexnet-mini for photographs (shown by `tinyalex data info`).",
        most=1000,
    )
    recipe: Recipe | str | None = setting(
        None, "See `tinyalex recipe`. Default: the model's recipe."
    )
    backend: str = setting(
        "auto",
        "numpy, numba, cuda, or auto (default): the fastest on this machine.",
        words=("auto", "numpy", "numba", "cuda"),
        on_resume=True,
    )
    threads: int | None = setting(
        None, "CPU threads. Default: all cores.", on_resume=True, **_THREADS, own=True
    )
    precision: str = setting(
        "float32",
        "float32 (default), bf16 (activations in bfloat16), or on a GPU tf32 (products with 10 "
        "bits of mantissa).",
        words=("float32", "tf32", "bf16"),
        older="float32",
    )
    workspace_mb: int | None = setting(
        None,
        "GPU workspace for im2col, in MiB. Default: 512.",
        least=0,
        most=1 << 24,
        older=None,
        own=True,
    )
    graph: bool = setting(
        True,
        "On a GPU, queue each kernel of a training step by itself. By default a step of at most "
        "256 images is captured once and repeated as a CUDA graph.",
        on_resume=True,
        older=True,
    )
    epochs: int | None = setting(
        None,
        "Passes over the training images. Default: the recipe's.",
        most=MOST_EPOCHS,
        **_FROM_1,
        on_resume=True,
    )
    batch_size: int | None = setting(
        None, "Batch size. Default: the recipe's.", most=MOST_BATCH, **_FROM_1
    )
    lr: float | None = setting(
        None,
        "Initial learning rate. Default: the recipe's.",
        above=0,
        must="a number above 0",
        instead="0.01",
    )
    lr_scaling: str = setting(
        "none",
        "How the learning rate grows with the batch size: none (default), linear, or sqrt, from "
        "--lr at the recipe's batch size.",
        words=("none", "linear", "sqrt"),
        must="none, linear or sqrt",
        instead="'linear'",
        older="none",
    )
    warmup: float | None = setting(
        None,
        "Epochs in which the learning rate rises, step by step: from --lr if --lr-scaling makes it "
        "larger, otherwise from 0. Default: the recipe's, mostly 0.",
        least=0,
        most=MOST_EPOCHS,
        must="at least 0 epochs",
        instead="5",
        older=0.0,
    )
    momentum_correction: bool = setting(
        False,
        "Scale the momentum whenever the learning rate changes, as in Goyal et al. 2017.",
        older=False,
    )
    lars: float | None = setting(
        None,
        "Trust coefficient of LARS, which gives each parameter its own learning rate; 0 turns it "
        "off. Default: the recipe's, mostly 0.",
        least=0,
        must="a number of at least 0",
        instead="0.001",
        older=0.0,
    )
    seed: int = setting(
        0,
        "Random seed for weights, shuffling, crops and dropout. Default: 0.",
        least=0,
        must="a whole number of at least 0",
        instead="1, or leave it out",
    )
    shuffle: str = setting(
        "full",
        "Shuffle mode for packed data: full (default), or shard (a few files at a time).",
        words=("full", "shard"),
        older="full",
    )
    loader_threads: int | None = setting(
        None,
        "Threads that read and decode images. Default: all cores.",
        on_resume=True,
        **_THREADS,
        older=None,
        was="workers",
        own=True,
    )
    shards: int | None = setting(
        None,
        "Pieces of each batch whose gradients are added in a fixed order. Any number of workers "
        "that divides it gives the same result. Default: the number of workers.",
        most=MOST_BATCH,
        **_FROM_1,
        older=1,
    )
    parallel: str = setting(
        "data",
        "How several workers share the work: data (default; each has some images), towers (each "
        "has half of every layer's filters, as the paper's two GPUs), or hybrid (data for the "
        "convolutions, filters for the fully connected layers).",
        words=("data", "towers", "hybrid"),
        older="data",
        must="data, towers or hybrid",
        instead="'data'",
    )
    fast_sum: bool = setting(
        False,
        "Add gradients in the order that MPI or NCCL finds fastest. The result's bits then depend "
        "on the number of workers.",
        older=False,
    )
    jpeg_decoder: str = setting(
        "turbo",
        "Decoder of packed JPEG: turbo (default), pillow, or nvimgcodec (on a GPU).",
        words=("turbo", "pillow", "nvimgcodec"),
        older="pillow",
    )
    out: Path | None = setting(
        None,
        "Folder for the run. Default: runs/MODEL-DATA-seedN, or with a number if that holds a run.",
        own=True,
    )
    data_root: Path | None = setting(
        None,
        "Directory of downloaded data sets and weights. Default: $TINYALEX_DATA, or a cache.",
        on_resume=True,
        own=True,
    )
    log_every: int = setting(
        50, "Steps between two lines of metrics.jsonl.", **_FROM_1, option=False
    )
    checkpoint_every: float = setting(
        300.0,
        "Seconds between checkpoints within an epoch. Default: 300.",
        least=0,
        must="at least 0 seconds",
        instead="300",
    )
    command: str = setting("", "The command line, to be recorded.", option=False, own=True)
    init_from: Path | None = setting(
        None,
        "Start from the weights of the run in this folder. If the classes differ, the last layer "
        "starts from initial weights.",
        older=None,
        own=True,
    )
    new_last_layer: bool = setting(False, "With --init-from: always a new last layer.", older=False)
    ten_crops: bool = setting(
        True, "Skip the ten-crop test at the end.", on_resume=True, older=True
    )

    def check(self) -> None:
        """Refuse a value out of bounds with a ConfigError that names the setting."""
        hints = get_type_hints(Settings)
        for name, about in ABOUT.items():
            value = getattr(self, name)
            try:
                if about.must:
                    about.kind(hints[name])(value, name)
            except Mismatch as error:
                high = isinstance(value, int) and about.most is not None and value > about.most
                wanted = f"at most {about.most:,}" if high else about.must
                raise ConfigError(
                    f"{name} must be {wanted} (got {value!r})", f"{name}={about.instead}"
                ) from error


SETTINGS: dict[str, Field[Any]] = {f.name: f for f in fields(Settings)}
ABOUT: dict[str, About] = {name: f.metadata["about"] for name, f in SETTINGS.items()}
OLDER_RUNS = {name: about.older for name, about in ABOUT.items() if about.older is not ...}


def with_names_of_today(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as an older version wrote them, under the names that they have now."""
    renamed = {about.was: name for name, about in ABOUT.items() if about.was}
    return {renamed.get(name, name): value for name, value in plain.items()}


def option_of(name: str) -> str:
    """The option of `tinyalex train` for a setting; if the default is True, the one to turn it off.

    >>> option_of("batch_size"), option_of("ten_crops")
    ('--batch-size', '--no-ten-crops')
    """
    off = "no-" if name in SETTINGS and SETTINGS[name].default is True else ""
    return f"--{off}{name.replace('_', '-')}"


def option_types() -> dict[str, Any]:
    """The type of each setting's value where it is given as text: an option, or NAME=VALUE."""
    hints = get_type_hints(Settings)
    known = (bool, int, float, Path, str)
    return {n: next(t for t in known if t in (hints[n], *get_args(hints[n]))) for n in ABOUT}


def check_resume(changes: Mapping[str, Any]) -> None:
    """Refuse, with a ConfigError, changes that would make a resumed run another run."""
    may = [name for name, about in ABOUT.items() if about.on_resume]
    if refused := [f"{name}=" for name in changes if name not in may]:
        *others, last = [f"{name}=" for name in may if not name.startswith("data")]
        raise ConfigError(
            f"a resumed run keeps its own settings (got {', '.join(refused)} as well)",
            "change only data=, data_root= (the new place of the same data), "
            f"{', '.join(others)} or {last}; or begin a new run",
        )


def described() -> str:
    """The settings as lines of a docstring."""
    lines = []
    for name, known in SETTINGS.items():
        when = "False: " if known.default is True else ""
        lines += [f"{name} : {known.type}", indent(fill(when + ABOUT[name].help, 92), " " * 4)]
    return "\n".join(lines)
