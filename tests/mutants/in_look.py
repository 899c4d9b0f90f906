"""Bugs in `tinyalex look` and in the page of `tinyalex explore`."""

from tests.mutants.mutant import Mutant

LAYERS = "tinyalex/report/explore/layers.js"
NETWORK_JS = "tinyalex/report/explore/network.js"
IMAGE = "tinyalex/report/explore/image.js"
DRAW = "tinyalex/report/explore/draw.js"
PAGE = "tinyalex/report/explore/page.py"
GRADIENTS = "tinyalex/report/look/gradients.py"

IN_BROWSER = "tests/report/explore/test_in_browser.py"
PANEL = "tests/report/explore/test_panel.py"
EXPORT = "tests/report/explore/test_export.py"
OF_GRADIENTS = "tests/report/look/test_gradients.py"

CHROMIUM = ("selenium",)


def on_page(name: str, file: str, old: str, new: str, test: str, tests: str = IN_BROWSER) -> Mutant:
    """A bug that a test in Chromium must catch."""
    return Mutant(name, file, old, new, (f"{tests}::{test}",), needs=CHROMIUM)


LOOK_MUTANTS = (
    on_page(
        "explore: groups of a convolution see all channels",
        LAYERS,
        "const channel = (Math.floor(f / Fg) * Cg + c) * H * W;",
        "const channel = c * H * W;",
        "test_any_network_computes_numpys_numbers",
    ),
    on_page(
        "explore: a clipped window is averaged over its full size",
        LAYERS,
        "numbers.reduce((a, b) => a + b) / numbers.length",
        "numbers.reduce((a, b) => a + b) / 9",
        "test_any_network_computes_numpys_numbers",
    ),
    on_page(
        "explore: normalisation counts one neighbour too few",
        LAYERS,
        "after = Math.floor((size - 1) / 2)",
        "after = Math.floor((size - 2) / 2)",
        "test_any_network_computes_numpys_numbers",
    ),
    on_page(
        "explore: the mean is not subtracted",
        IMAGE,
        "Math.fround(pixel - how.mean[at])",
        "Math.fround(pixel)",
        "test_a_stroke_changes_every_layer_and_the_answer",
    ),
    on_page(
        "explore: files are scaled without a filter",
        IMAGE,
        "wide = Math.max(1, step)",
        "wide = 1",
        "test_a_file_is_prepared_as_predict_does",
    ),
    on_page(
        "explore: a stroke over a test image is not read",
        DRAW,
        "    this.drawn = true;\n    this.changed();\n  }\n\n  // What",
        "    this.changed();\n  }\n\n  // What",
        "test_a_stroke_goes_over_a_test_image",
    ),
    on_page(
        "explore: a receptive field ignores the padding",
        NETWORK_JS,
        "top: Math.max(0, box.top * sh - ph - before)",
        "top: Math.max(0, box.top * sh - before)",
        "test_the_receptive_field_is_where_the_gradient_reaches",
        PANEL,
    ),
    Mutant(
        "explore: a name can end the script",
        PAGE,
        '.replace("<", "\\\\u003c")',
        "",
        (f"{EXPORT}::test_names_from_outside_are_text",),
        needs=CHROMIUM,
    ),
    Mutant(
        "explore: a large network is written all the same",
        "tinyalex/report/explore/__init__.py",
        "if size > max_mb:",
        "if size > 1000 * max_mb:",
        (f"{EXPORT}::test_a_large_network_is_refused_with_advice",),
    ),
    Mutant(
        "look: saliency has a sign",
        GRADIENTS,
        "np.abs(host[0]).max(axis=0)",
        "host[0].max(axis=0)",
        (f"{OF_GRADIENTS}::test_saliency_is_the_finite_difference_of_the_score",),
    ),
    Mutant(
        "look: Grad-CAM takes what ReLU wrote over",
        GRADIENTS,
        "        layer.inplace = False\n",
        "        pass\n",
        (f"{OF_GRADIENTS}::test_grad_cam_is_its_formula",),
    ),
    Mutant(
        "look: Grad-CAM keeps what speaks against the class",
        GRADIENTS,
        "np.maximum((weights * maps).sum(axis=0), 0)",
        "np.abs((weights * maps).sum(axis=0))",
        (f"{OF_GRADIENTS}::test_grad_cam_is_its_formula",),
    ),
)
