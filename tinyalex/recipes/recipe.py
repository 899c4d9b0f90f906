"""A recipe: the numbers that train one model, each with its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tinyalex.errors import ConfigError
from tinyalex.recipes import checks

Rule = tuple[str, float] | tuple[str]


@dataclass(frozen=True)
class Recipe:
    """The numbers that train a model. Data, not code: `to_dict` gives all of it.

    Attributes
    ----------
    name, model : str
        The recipe's name and the model that it was made for.
    epochs, batch_size : int
        Passes over the training images; images per step.
    lr, momentum, weight_decay : float
        ``v = momentum * v - lr * (weight_decay * w + g)``, then ``w = w + v``.
    multipliers : tuple of (pattern, lr_multiplier, decay_multiplier)
        By parameter name (`fnmatch` patterns); the last pattern that matches wins.
    steady : tuple of pattern
        Parameters with a constant learning rate, whatever the schedule does.
    schedule : mapping
        ``kind`` is ``constant``, ``steps`` (``factor`` after each of ``epochs``), ``plateau``
        (``factor`` after ``patience`` epochs without a better test error, at most ``drops``
        times), ``exponential`` (``factor`` per epoch), ``polynomial`` (the share of epochs left,
        to the ``power``), ``cosine`` or ``one-cycle`` (see `tinyalex.training.schedules`).
    warmup : float
        Epochs in which the learning rate rises from 0, step by step.
    lars : float
        Trust coefficient of LARS; 0 trains without it. See `tinyalex.training.SGD`.
    init : mapping of pattern to rule
        ``("normal", sigma)``, ``("constant", value)``, ``("he_normal",)`` or
        ``("kaiming_uniform",)``; see `tinyalex.models.initialise`.
    image_size : int
        Side in pixels to which a folder's images are resized (shorter side, then the centre
        square) before crops are taken.
    crop : int or None
        Side of the crop in pixels; None trains on the whole image.
    crop_at : str
        Position of training crops: ``random``, or ``center`` as in tests.
    mirror : bool
        Whether training images are flipped horizontally with probability 1/2.
    mean : str
        What is subtracted: the mean ``image``, the mean of each ``channel``, or ``none``.
    scale : float, or tuple with one float per channel
        Factor on the pixels (0 to 255) after the mean was subtracted.
    colour : str or None
        The colour shift along the principal components of RGB, by ``eigenvalue`` (paper) or
        by standard deviation, ``std`` (the authors' code).
    colour_sigma : float
        Standard deviation of the shift's factor.
    colour_scale : float
        Factor on training images with a colour shift, which widens their range.
    label_smoothing : float
        Share of the wanted probability that all classes have equally, in training. The training
        loss then is never near 0; test losses are without it.
    dropout : str
        ``paper`` multiplies by 1 - p at test time, ``inverted`` divides in training.
    colour_until : int or None
        The colour shift stops after this many epochs.
    frozen : tuple of (pattern, epoch)
        Parameters that stop learning after that many epochs.
    sources : mapping of field to str
        Where each number comes from.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from tinyalex import recipes
    >>> paper = recipes.get("paper")
    >>> paper.momentum, paper.weight_decay, paper.batch_size
    (0.9, 0.0005, 128)
    >>> replace(paper, lr=0.02).lr
    0.02
    """

    name: str
    model: str
    epochs: int
    batch_size: int
    lr: float
    image_size: int
    momentum: float = 0.9
    weight_decay: float = 0.0
    multipliers: tuple[tuple[str, float, float], ...] = ()
    steady: tuple[str, ...] = ()
    schedule: Mapping[str, Any] = field(default_factory=lambda: {"kind": "constant"})
    warmup: float = 0.0
    lars: float = 0.0
    init: Mapping[str, Rule] = field(default_factory=dict)
    crop: int | None = None
    crop_at: str = "random"
    mirror: bool = False
    mean: str = "image"
    scale: float | tuple[float, ...] = 1.0
    colour: str | None = None
    colour_sigma: float = 0.1
    colour_scale: float = 1.0
    label_smoothing: float = 0.0
    dropout: str = "inverted"
    colour_until: int | None = None
    frozen: tuple[tuple[str, int], ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checks.check(vars(self))

    def to_dict(self) -> dict[str, Any]:
        """The whole recipe as plain lists, dicts, strings and numbers (for JSON)."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    def replaced(self, source: str = "set in Python", /, **changes: Any) -> Recipe:
        """A copy with other numbers, which records ``source`` as where they come from.

        A ``source`` that begins with "set" counts as a change of the recipe; see `changed`.

        Raises
        ------
        ConfigError
            There is no such number, or the value is not allowed.

        Examples
        --------
        >>> from tinyalex import recipes
        >>> recipe = recipes.get("tiny").replaced(weight_decay=1e-4, mirror=True)
        >>> recipe.weight_decay, recipe.sources["mirror"]
        (0.0001, 'set in Python')
        """
        checks.check_changes(changes)
        sources = {**self.sources, **dict.fromkeys(changes, source)}
        return Recipe.from_dict({**self.to_dict(), **changes, "sources": sources})

    @property
    def changed(self) -> dict[str, Any]:
        """The numbers that were replaced for a run, by name."""
        names = [name for name, source in self.sources.items() if source.startswith(checks.SET)]
        return {name: getattr(self, name) for name in names if name in checks.CHANGEABLE}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Recipe:
        """Make a recipe from the result of `to_dict`.

        Raises
        ------
        ConfigError
            A field is unknown, missing or not allowed.
        """
        known = {f.name for f in fields(cls)}
        if extra := sorted(set(plain) - known):
            raise ConfigError(f"recipe: unknown fields {', '.join(extra)}")
        values = dict(plain)
        try:
            values["multipliers"] = tuple(
                (str(p), float(lr), float(decay)) for p, lr, decay in values.get("multipliers", ())
            )
            values["steady"] = tuple(str(p) for p in values.get("steady", ()))
            values["frozen"] = tuple((str(p), int(e)) for p, e in values.get("frozen", ()))
            values["schedule"] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in values["schedule"].items()
            }
            if isinstance(values.get("scale"), list):
                values["scale"] = tuple(values["scale"])
            values["init"] = {p: tuple(rule) for p, rule in values.get("init", {}).items()}
            return cls(**values)
        except ConfigError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"recipe: not a complete recipe ({error})") from error
