"""Find the state dict in a checkpoint, and remove what wrappers put before its tensors' names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyalex.errors import CheckpointError

ROOTS = ("features", "classifier")  # every network's tensor names begin with one of these
# What PyTorch puts into names: (Distributed)DataParallel, torch.compile, FSDP, DeepSpeed.
WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_forward_module"}
# Keys under which scripts keep the state dict, the most usual first.
KEYS = ("state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params")
DEEPEST = 4
SHOWN = 3


@dataclass(frozen=True)
class Chosen:
    """The names of one network's tensors.

    Attributes
    ----------
    old : dict of str to str
        The name in the file for each of the network's own names.
    notes : list of str
        For the user: what was removed from the names, and which tensors are not used.
    """

    old: Mapping[str, str]
    notes: list[str]


def choose(names: Collection[str], where: str) -> Chosen:
    """Remove what wrappers put before and into the names of a network's tensors.

    Parameters
    ----------
    names : collection of str
        The names in the file.
    where : str
        The file, for messages.

    Returns
    -------
    Chosen
        All names as they are, if nothing is to be removed.

    Raises
    ------
    CheckpointError
        There are several networks and none is preferred, or two names become the same.

    Examples
    --------
    >>> chosen = choose(["module.features.0.weight", "module.features.0.bias"], "net.pth")
    >>> chosen.old["features.0.weight"], chosen.notes
    ('module.features.0.weight', ["net.pth: 'module.' was removed from the names"])
    """
    networks: dict[str, dict[str, str]] = {}
    unused: list[str] = []
    for name in names:
        parts = [part for part in name.split(".") if part not in WRAPPERS]
        at = next((i for i, part in enumerate(parts) if part in ROOTS), None)
        if at is None:
            unused.append(name)
            continue
        network = networks.setdefault(".".join(parts[:at]), {})
        bare = ".".join(parts[at:])
        if bare in network:
            raise CheckpointError(
                f"{where}: {network[bare]} and {name} are both {bare}",
                "save only one network's state_dict()",
            )
        network[bare] = name
    prefix, others = _preferred(list(networks), where)
    network = networks.get(prefix, {})
    rest = [name for other in others for name in networks[other].values()]
    changes = sorted({_change(old, bare) for bare, old in network.items()} - {""})
    if not changes:  # tensors of no network stay: they are reported as extra
        own = {name: name for name in names if name not in set(rest)}
        return Chosen(own, _not_used(where, rest))
    return Chosen(network, [f"{where}: {'; '.join(changes)}", *_not_used(where, [*unused, *rest])])


def state_dict_in(
    found: Any, is_tensor: Callable[[Any], bool], where: str
) -> tuple[Mapping[str, Any], list[str]]:
    """Find the state dict in a checkpoint's content.

    Parameters
    ----------
    found : what ``torch.load`` returned
    is_tensor : callable
        Whether a value is a tensor.
    where : str
        The file, for messages.

    Returns
    -------
    state : mapping of str to tensor
    notes : list of str
        For the user: where the state dict was, and which others are not used.

    Raises
    ------
    CheckpointError
        There is none, or there are several and none is under a usual key.
    """
    places = dict(_state_dicts(found, is_tensor, ""))
    if "" in places:
        return places[""], []
    if not places:
        if isinstance(found, Mapping) and found and all(map(is_tensor, found.values())):
            return found, []
        got = type(found).__name__
        if isinstance(found, Mapping) and found:
            got = "a dict of " + ", ".join(str(key) for key in list(found)[:SHOWN])
        raise CheckpointError(
            f"{where}: must hold a state dict (got {got})", "torch.save(model.state_dict(), FILE)"
        )
    plain = [place for place in places if not _is_average(place)] or list(places)
    usual = [place for place in KEYS if place in plain]
    if len(plain) > 1 and not usual:
        keys = "".join(f"[{key!r}]" for key in plain[0].split("."))
        raise CheckpointError(
            f"{where}: holds several state dicts: {', '.join(places)}",
            f"save only the one that you want, such as torch.save(checkpoint{keys}, FILE)",
        )
    taken = usual[0] if usual else plain[0]
    rest = [place for place in places if place != taken]
    return places[taken], [f"{where}: the tensors are under {taken!r}", *_not_used(where, rest)]


def _state_dicts(
    found: Any, is_tensor: Callable[[Any], bool], place: str, depth: int = 0
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the path of keys and the mapping, for each mapping with a tensor ``...weight``."""
    if not isinstance(found, Mapping):
        return
    names = [key for key in found if isinstance(key, str)]
    if any(key.endswith("weight") and is_tensor(found[key]) for key in names):
        yield place, found
    elif depth < DEEPEST:
        for key in names:
            inner = f"{place}.{key}" if place else key
            yield from _state_dicts(found[key], is_tensor, inner, depth + 1)


def _preferred(prefixes: list[str], where: str) -> tuple[str, list[str]]:
    """The prefix of the network to read, and the other prefixes."""
    plain = [prefix for prefix in prefixes if not _is_average(prefix)] or prefixes
    usual = [prefix for prefix in ("", *KEYS) if prefix in plain]
    if len(plain) > 1 and not usual:
        raise CheckpointError(
            f"{where}: holds several networks: {', '.join(f'{prefix}.' for prefix in prefixes)}",
            "save only the state_dict() of the one that you want",
        )
    taken = (usual or plain or [""])[0]
    return taken, [prefix for prefix in prefixes if prefix != taken]


def _is_average(place: str) -> bool:
    """Whether a name is that of averaged weights, which are saved along with the trained ones."""
    return re.search(r"ema|averag|swa|shadow", place.lower()) is not None


def _change(old: str, bare: str) -> str:
    """How a name was changed, in words; empty if it was not."""
    a, b = old.split("."), bare.split(".")
    same = 0
    while same < min(len(a), len(b)) and a[-1 - same] == b[-1 - same]:
        same += 1
    before, after = (".".join([*parts[: len(parts) - same], ""]) for parts in (a, b))
    if before == after:
        return ""
    if not after:
        return f"{before!r} was removed from the names"
    return f"{before!r} was read as {after!r}"


def _not_used(where: str, names: Sequence[str]) -> list[str]:
    """The note about tensors or state dicts that are not used."""
    if not names:
        return []
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"{where}: not used: {', '.join(names[:SHOWN])}{more}"]
