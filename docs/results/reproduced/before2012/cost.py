"""Which cost the linear classifier on features made by hand gets: errors on held-out images.

``python docs/results/reproduced/before2012/cost.py [COST ...]``; CIFAR-10 must be there
(`tinyalex data download cifar10`). Test images are not looked at.
"""

import sys

from tinyalex import data
from tinyalex.reproduce.features import linear_errors

costs = [float(cost) for cost in sys.argv[1:]] or [0.0001, 0.0003, 0.001, 0.003, 0.01]
held_out = data.load("cifar10@held-out")
print(f"trained on {len(held_out.train):,} images, tested on {len(held_out.test):,} held out")
for cost, error in zip(costs, linear_errors(held_out, 0, costs), strict=True):
    print(f"cost {cost:<6g} error {100 * error:.2f} %")
