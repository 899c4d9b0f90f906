"""Where a checkpoint keeps a network's tensors, and what is put before their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyalex.errors import CheckpointError

ROOTS = ("features", "classifier")  # with which the names of every network here begin
# What PyTorch puts into names: DataParallel and its kin, torch.compile, FSDP, DeepSpeed.
WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_forward_module"}
# Where scripts keep the state dict, the usual places first.
KEYS = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")
DEEPEST = 4
SHOWN = 3


@dataclass(frozen=True)
class Chosen:
    """The tensors of one network among a file's names.

    Attributes
    ----------
    old : dict of str to str
        By the network's own name, the file's.
    notes : list of str
        What was taken off and left aside, for the user.
    """

    old: Mapping[str, str]
    notes: list[str]


def choose(names: Collection[str], where: str) -> Chosen:
    """Take off what wrappers put before and into the names of a network.

    Parameters
    ----------
    names : collection of str
        Of a file's tensors.
    where : str
        The file, for messages.

    Returns
    -------
    Chosen
        All names as they are, if nothing is to be taken off.

    Raises
    ------
    CheckpointError
        There are several networks, none of which is preferred; or two names become one.

    Examples
    --------
    >>> chosen = choose(["module.features.0.weight", "module.features.0.bias"], "net.pth")
    >>> chosen.old["features.0.weight"], chosen.notes
    ('module.features.0.weight', ["net.pth: 'module.' was taken off the names"])
    """
    networks: dict[str, dict[str, str]] = {}
    aside: list[str] = []
    for name in names:
        parts = [part for part in name.split(".") if part not in WRAPPERS]
        at = next((i for i, part in enumerate(parts) if part in ROOTS), None)
        if at is None:
            aside.append(name)
            continue
        network = networks.setdefault(".".join(parts[:at]), {})
        bare = ".".join(parts[at:])
        if bare in network:
            raise CheckpointError(
                f"{where}: {network[bare]} and {name} are both {bare}",
                "one network's state_dict() alone",
            )
        network[bare] = name
    prefix, others = _preferred(list(networks), where)
    network = networks.get(prefix, {})
    rest = [name for other in others for name in networks[other].values()]
    changes = sorted({_change(old, bare) for bare, old in network.items()} - {""})
    if not changes:  # what belongs to no network stays, to be named as one too many
        own = {name: name for name in names if name not in set(rest)}
        return Chosen(own, _aside(where, rest))
    return Chosen(network, [f"{where}: {'; '.join(changes)}", *_aside(where, [*aside, *rest])])


def state_dict_in(
    found: Any, is_tensor: Callable[[Any], bool], where: str
) -> tuple[Mapping[str, Any], list[str]]:
    """Find the state dict in what a checkpoint holds.

    Parameters
    ----------
    found : what PyTorch gave
    is_tensor : callable
        Whether a value is a tensor.
    where : str
        The file, for messages.

    Returns
    -------
    state : mapping of str to tensor
    notes : list of str
        Where it lay, and which others were left aside.

    Raises
    ------
    CheckpointError
        There is none, or there are several and none of them lies in a usual place.
    """
    places = dict(_state_dicts(found, is_tensor, ""))
    if "" in places:
        return places[""], []
    if not places:
        if isinstance(found, Mapping) and found and all(map(is_tensor, found.values())):
            return found, []
        raise CheckpointError(
            f"{where}: must hold a state dict (got {_held(found)})",
            "torch.save(model.state_dict(), FILE)",
        )
    plain = [place for place in places if not _is_average(place)] or list(places)
    usual = [place for place in KEYS if place in plain]
    if len(plain) > 1 and not usual:
        keys = "".join(f"[{key!r}]" for key in plain[0].split("."))
        raise CheckpointError(
            f"{where}: holds several state dicts: {', '.join(places)}",
            f"the one that you mean alone, such as torch.save(checkpoint{keys}, FILE)",
        )
    taken = usual[0] if usual else plain[0]
    rest = [place for place in places if place != taken]
    return places[taken], [f"{where}: the tensors lie under {taken!r}", *_aside(where, rest)]


def _state_dicts(
    found: Any, is_tensor: Callable[[Any], bool], place: str, depth: int = 0
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping that holds a tensor called ``...weight``, by the keys that lead to it."""
    if not isinstance(found, Mapping):
        return
    names = [key for key in found if isinstance(key, str)]
    if any(key.endswith("weight") and is_tensor(found[key]) for key in names):
        yield place, found
    elif depth < DEEPEST:
        for key in names:
            inner = f"{place}.{key}" if place else key
            yield from _state_dicts(found[key], is_tensor, inner, depth + 1)


def _held(found: Any) -> str:
    """What a checkpoint without a state dict holds."""
    if isinstance(found, Mapping) and found:
        return "a dict of " + ", ".join(str(key) for key in list(found)[:SHOWN])
    return type(found).__name__


def _preferred(prefixes: list[str], where: str) -> tuple[str, list[str]]:
    """The prefix of the network to take, and the other ones."""
    plain = [prefix for prefix in prefixes if not _is_average(prefix)] or prefixes
    usual = [prefix for prefix in ("", *KEYS) if prefix in plain]
    if len(plain) > 1 and not usual:
        raise CheckpointError(
            f"{where}: holds several networks: {', '.join(f'{prefix}.' for prefix in prefixes)}",
            "the state_dict() of the one that you mean alone",
        )
    taken = (usual or plain or [""])[0]
    return taken, [prefix for prefix in prefixes if prefix != taken]


def _is_average(place: str) -> bool:
    """Whether a place is that of averaged weights, which lie beside those that were trained."""
    return re.search(r"ema|averag|swa|shadow", place.lower()) is not None


def _change(old: str, bare: str) -> str:
    """What was done to a name, in words; empty if nothing was."""
    a, b = old.split("."), bare.split(".")
    same = 0
    while same < min(len(a), len(b)) and a[-1 - same] == b[-1 - same]:
        same += 1
    before, after = (".".join([*parts[: len(parts) - same], ""]) for parts in (a, b))
    if before == after:
        return ""
    if not after:
        return f"{before!r} was taken off the names"
    return f"{before!r} was read as {after!r}"


def _aside(where: str, names: Sequence[str]) -> list[str]:
    """The note about what was left aside."""
    if not names:
        return []
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"{where}: left aside: {', '.join(names[:SHOWN])}{more}"]
