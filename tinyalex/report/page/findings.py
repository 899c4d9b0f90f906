"""Main findings: sentences that say more than the error does, each computed from the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.report.page.facts import Facts, Host

CONFIDENT = 0.9  # a prediction is confident from this probability on


def findings(facts: Facts) -> list[str]:
    """Give the sentences, the most useful first."""
    found = [_worst_pair(facts), _hardest_class(facts), _calibration(facts), _neighbours(facts)]
    found += [_gap(facts), *_dead(facts), _updates(facts)]
    return [text for text in found if text]


def calibration(facts: Facts) -> tuple[float, float]:
    """Mean confidence (the predictions' probability), and accuracy."""
    return float(facts.certainty.mean()), float(1 - facts.wrong.mean())


def agreement(vectors: Host, labels: Host, queries: Host) -> float:
    """Share of queries whose nearest other vector (Euclidean) has the same label."""
    same = [labels[nearest(vectors, int(q), 1)[0]] == labels[q] for q in queries]
    return float(np.mean(same))


def nearest(vectors: Host, query: int, count: int) -> Host:
    """Indices of the vectors nearest to one of them, without itself."""
    distance = np.square(vectors - vectors[query]).sum(axis=1)
    distance[query] = np.inf
    return np.argsort(distance, kind="stable")[:count]


def _worst_pair(facts: Facts) -> str:
    classes = facts.run.classes
    if not facts.mistakes:
        return ""
    right, taken, count = facts.mistakes[0]
    of = int((facts.labels == right).sum())
    back = int(((facts.labels == taken) & (facts.guesses == right)).sum())
    return (
        f"Most frequent mistake: {_name(classes[right])} predicted as {_name(classes[taken])} in "
        f"{count} of {of} images ({count / of:.0%}); the reverse in {back}."
    )


def _hardest_class(facts: Facts) -> str:
    classes, labels = facts.run.classes, facts.labels
    present, which, images = np.unique(labels, return_inverse=True, return_counts=True)
    if len(present) < 3:
        return ""
    errors = np.bincount(which, weights=facts.wrong) / images
    worst, best = present[errors.argmax()], present[errors.argmin()]
    return (
        f"Hardest class: {_name(classes[worst])} ({errors.max():.1%} wrong); easiest: "
        f"{_name(classes[best])} ({errors.min():.1%})."
    )


def _calibration(facts: Facts) -> str:
    confidence, accuracy = calibration(facts)
    wrong = int((facts.wrong & (facts.certainty >= CONFIDENT)).sum())
    verdict = "well calibrated"
    if abs(confidence - accuracy) > 0.01:
        verdict = "overconfident" if confidence > accuracy else "underconfident"
    return (
        f"Mean confidence {confidence:.1%}, accuracy {accuracy:.1%}: {verdict}. Mistakes with a "
        f"confidence of at least {CONFIDENT:.0%}: {wrong} of {int(facts.wrong.sum())}."
    )


def _neighbours(facts: Facts) -> str:
    count = min(len(facts.labels), 2000)
    if count < 20:
        return ""
    chosen = np.linspace(0, len(facts.labels) - 1, count).astype(np.int64)
    pixels = facts.test.images(chosen).reshape(count, -1).astype(np.float32)
    labels, every = facts.labels[chosen], np.arange(0, count, max(1, count // 200))
    by_features = agreement(facts.features[chosen], labels, every)
    by_pixels = agreement(pixels, labels, every)
    return (
        f"1-nearest-neighbour accuracy among {count:,} test images: {by_features:.0%} on features "
        f"of the last hidden layer, {by_pixels:.0%} on pixels."
    )


def _gap(facts: Facts) -> str:
    last = facts.epochs[-1]
    gap = last["test_error"] - last["train_error"]
    if gap < 0:
        return (
            f"The training error ({last['train_error']:.1%}) is above the test error: it is "
            "measured during training, on augmented images and with dropout."
        )
    return (
        f"Training error {last['train_error']:.1%}, test error {last['test_error']:.1%}: a gap of "
        f"{100 * gap:.1f} points."
    )


def _dead(facts: Facts) -> list[str]:
    dead = [a for a in facts.activity if a.dead]
    if not dead:
        return [f"No unit of the {len(facts.activity)} activation layers is dead."]
    return [
        f"{a.dead} of {a.units} units of {a.name} "
        + ("never fire" if a.kind == "ReLU" else "are always saturated")
        + " on these images."
        for a in dead
    ]


def _updates(facts: Facts) -> str:
    if not facts.weights:
        return ""
    last: dict[str, Any] = facts.weights[-1]["parameters"]
    ratios = {
        name: m["ratio"] for name, m in last.items() if name.endswith("weight") and m["ratio"]
    }
    if len(ratios) < 2:
        return ""
    slow, quick = min(ratios, key=ratios.__getitem__), max(ratios, key=ratios.__getitem__)
    return (
        f"In the last epoch, {quick} changed most per step (|dw| / |w| = {ratios[quick]:.1e}), "
        f"{slow} least ({ratios[slow]:.1e})."
    )


def _name(text: str) -> str:
    return f"“{text}”"
