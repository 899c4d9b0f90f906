"""Times training steps on a GPU with ReLUs in their neighbours' kernels, and in their own.

python docs/results/gpu/relu_steps.py [MODEL [IMAGES ...]]

Without arguments: alexnet, batches of 128 and 1024 images, in float32, TF32 and bfloat16. The two
ways take turns; times are those of graph_steps.py, kernel by kernel.
"""

from __future__ import annotations

import statistics
import sys

from graph_steps import measure

from tinyalex import backends
from tinyalex.backends.base import PRECISIONS
from tinyalex.layers import fusion

PAIRS = 3


def main(name: str = "alexnet", *sizes: str) -> None:
    beside = dict(fusion.APPLIES_RELU)
    ways = {"in its neighbours": beside, "in its own kernel": dict.fromkeys(beside, type(None))}
    for precision in PRECISIONS:
        backend = backends.get("cuda", precision=precision)
        for images in map(int, sizes or ("128", "1024")):
            times: dict[str, list[float]] = {way: [] for way in ways}
            digests = set()
            for _ in range(PAIRS):
                for way, layers in ways.items():
                    fusion.APPLIES_RELU.update(layers)
                    _, done, digest = measure(backend, name, images, captured=0)
                    times[way].append(1e3 * done)
                    digests.add(digest)
            for way, each in times.items():
                print(
                    f"{name}, {precision}, batch {images}, ReLU {way}: "
                    f"{statistics.median(each):.2f} ms ({min(each):.2f}-{max(each):.2f})"
                )
            print("the same bytes" if len(digests) == 1 else "OTHER BYTES", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
