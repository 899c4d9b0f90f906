"""The report's sections about one run, each as HTML."""

from __future__ import annotations

import numpy as np

from tinyalex.outside import as_html
from tinyalex.report.augmented import Augmented, batch_sheet
from tinyalex.report.layer_table import layer_table
from tinyalex.report.page import drawings
from tinyalex.report.page.facts import Facts, Host
from tinyalex.report.page.findings import nearest
from tinyalex.report.page.skeleton import picture, table
from tinyalex.report.pictures import first_filters
from tinyalex.report.sheet import as_uri, filters_sheet

SHOWN = 8  # images per group
QUERIES, NEIGHBOURS = 5, 6
MOST_ROWS = 40  # of the table of classes


def filters(facts: Facts) -> str:
    """Figure 3, and how it came about."""
    weight, groups = first_filters(facts.run.model)
    F, C, KH, KW = weight.shape
    if C not in (1, 3):
        return f"<p>The first filters have {C} channels: no picture.</p>"
    what = f"{F} filters of {KH} x {KW} x {C}, each scaled to its own range"
    uri = as_uri(filters_sheet(np.asarray(weight), groups))
    still = picture(uri, f"First-layer filters: {what}", f"{what} (paper, figure 3).")
    if facts.film is None or len(facts.film.epochs) < 2:
        return still
    return still + "<h3>As they formed</h3>" + drawings.film(facts.film)


def augmented(facts: Facts) -> str:
    """The first images of the last epoch, as the network saw them."""
    epoch = facts.epochs[-1]["epoch"]
    images = Augmented(facts.run.config, facts.run.statistics, facts.train).images(epoch - 1)
    what = f"The first {len(images)} training images of epoch {epoch}, as the network saw them"
    recipe = facts.run.config.recipe
    size = "whole" if recipe.crop is None else f"cropped to {recipe.crop} x {recipe.crop} pixels"
    done = f"{what}: shuffled, {size}{', half of them flipped' if recipe.mirror else ''}."
    return picture(as_uri(batch_sheet(images)), what, done)


def classes(facts: Facts) -> str:
    """Precision and recall of each class; of many, those with the lowest recall."""
    names, K = facts.run.classes, len(facts.run.classes)
    right = np.bincount(facts.labels[~facts.wrong], minlength=K)
    images, guessed = (np.bincount(x, minlength=K) for x in (facts.labels, facts.guesses))
    chosen = np.arange(K)
    if K > MOST_ROWS:
        present = np.flatnonzero(images)
        chosen = present[np.argsort(right[present] / images[present], kind="stable")][:MOST_ROWS]
    rows = [
        [names[c], f"{images[c]:,}", _share(right[c], guessed[c]), _share(right[c], images[c])]
        for c in chosen
    ]
    few = f" The {len(rows)} of {K:,} classes with the lowest recall." if len(rows) < K else ""
    return (
        "<p>Precision: how many of the predictions of this class are right. Recall: how many of "
        f"the images of this class are found.{few}</p>"
        + table("Classes", ("class", "images", "precision", "recall"), rows)
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def answers(facts: Facts) -> str:
    """Figure 4, left: images with their five most probable classes."""
    chosen = np.linspace(0, len(facts.labels) - 1, SHOWN).astype(np.int64)
    return _cards(facts, chosen, "Evenly spaced images of the test set (paper, figure 4, left).")


def mistakes(facts: Facts) -> str:
    """The most confident mistakes, and the images whose true class is least probable."""
    at = np.arange(len(facts.labels))
    wrong = at[facts.wrong]
    if not len(wrong):
        return "<p>All of these images are classified correctly.</p>"
    confident = wrong[np.argsort(-facts.certainty[wrong], kind="stable")][:SHOWN]
    hardest = np.argsort(facts.p[at, facts.labels], kind="stable")[:SHOWN]
    return (
        "<h3>Most confident errors</h3>"
        + _cards(facts, confident, "The wrong predictions with the highest probability.")
        + "<h3>Hardest images</h3>"
        + _cards(facts, hardest, "The true class has the lowest probability.")
    )


def neighbours(facts: Facts) -> str:
    """Figure 4, right: an image's nearest neighbours by features of the last hidden layer."""
    labels, rows = facts.labels, []
    for query in np.linspace(0, len(labels) - 1, QUERIES + 2).astype(np.int64)[1:-1]:
        near = nearest(facts.features, int(query), NEIGHBOURS)
        pictures = "".join(_picture(facts, int(i)) for i in near)
        same = int((labels[near] == labels[query]).sum())
        rows.append(
            f'<li class="row"><span class="query">{_picture(facts, int(query))}</span>{pictures}'
            f"<span>{same} of {len(near)} of the same class</span></li>"
        )
    return (
        "<p>Framed: a test image. Next to it: the images nearest to it by Euclidean distance "
        "between features of the last hidden layer (paper, figure 4, right).</p>"
        f'<ul class="cards" style="display:block">{"".join(rows)}</ul>'
    )


def confusions(facts: Facts) -> str:
    """The confusion matrix, and a table of the most frequent mistakes."""
    classes = facts.run.classes
    rows = [[classes[right], classes[guess], n] for right, guess, n in facts.mistakes[:10]]
    chosen = drawings.drawn_classes(facts)
    few = (
        f"<p>{len(chosen)} of {len(classes):,} classes: those of the most frequent mistakes.</p>"
        if len(chosen) < len(classes)
        else ""
    )
    columns = ("true class", "predicted", "images")
    return drawings.matrix(facts, chosen) + few + table("Most frequent mistakes", columns, rows)


def inside(facts: Facts) -> str:
    """Activations, dead units, and how much one step changes each layer."""
    rows = [[a.name, a.kind, a.units, f"{a.active:.1%}", a.dead] for a in facts.activity]
    text = table(
        "Activation layers on the test images",
        ("layer", "kind", "units", "active (tanh: not saturated)", "dead units"),
        rows,
    )
    if facts.weights:
        text += (
            "<p>How much one step changes each weight, |dw| / |w|, after each epoch. Layers that "
            "learn are near 1e-3 while the learning rate is high.</p>" + drawings.updates(facts)
        )
    return text


def cost(facts: Facts) -> str:
    """Parameters and multiply-adds of each layer."""
    rows = layer_table(facts.run.model, facts.run.model.input_shape)
    kept = [
        [
            row.name,
            f"{row.kind} {row.detail}".strip(),
            "x".join(map(str, row.output_shape)),
            f"{row.parameters:,}",
            f"{row.multiply_adds:,}",
        ]
        for row in rows
    ]
    total = ["all", "", "", f"{sum(r.parameters for r in rows):,}"]
    total += [f"{sum(r.multiply_adds for r in rows):,}"]
    summary = facts.summary
    spent = (
        f"<p>Trained in {summary['wall_seconds']:,.0f} s at {summary['images_per_second']:,.0f} "
        f"images/s, backend {as_html(summary['backend'])}.</p>"
        if "wall_seconds" in summary
        else "<p>The run has not finished.</p>"
    )
    columns = ("layer", "kind", "output", "parameters", "multiply-adds per image")
    return spent + table("Cost of each layer", columns, [*kept, total])


def repeat(facts: Facts) -> str:
    """How to reproduce the run."""
    config, summary = facts.run.config, facts.summary
    command = summary.get("command") or config.command
    versions = config.facts.get("versions", {})
    rows = [
        ["data", config.facts.get("data_name", config.data)],
        ["data fingerprint", config.facts.get("data_fingerprint", "-")],
        ["recipe", config.recipe.name],
        *([f"{name} (changed)", value] for name, value in config.recipe.changed.items()),
        ["seed", config.seed],
        ["epochs, batch size, learning rate"]
        + [f"{config.epochs}, {config.batch_size}, {config.scaled_lr:g}"],
        *([name, version] for name, version in versions.items()),
    ]
    line = f"<p><code>{as_html(command)}</code></p>" if command else ""
    return line + table("Settings and versions", ("setting", "value"), rows)


def _cards(facts: Facts, chosen: Host, caption: str) -> str:
    cards = "".join(f"<li>{_card(facts, int(i))}</li>" for i in chosen)
    return f'<p>{as_html(caption)}</p><ul class="cards">{cards}</ul>'


def _card(facts: Facts, i: int) -> str:
    classes, label, guess = facts.run.classes, int(facts.labels[i]), int(facts.guesses[i])
    p = facts.p[i]
    said = f"predicted: {classes[guess]}, {p[guess]:.0%}"
    miss = ' class="miss"' if guess != label else ""
    return (
        f"{_picture(facts, i)}<div><strong>{as_html(classes[label])}</strong></div>"
        f"<div{miss}>{as_html(said)}</div>{drawings.answers(p, classes, label)}"
    )


def _picture(facts: Facts, i: int) -> str:
    uri = as_uri(drawings.thumbnail(facts.test.images(np.array([i]))[0]))
    name = as_html(f"test image {i}, {facts.run.classes[int(facts.labels[i])]}")
    return f'<img class="photo" src="{uri}" alt="{name}" title="{name}">'
