"""Exercise 27: when to lower the learning rate, and which epoch to keep (lesson 13).

The paper's authors divided the learning rate by 10 when the validation error stopped improving, and
did so three times (section 5). Their eyes decided when. Write the rule down:

- The first epoch has the learning rate ``lr``.
- After each epoch, look at its validation error. If it is below *all* earlier ones, it is the best
  so far. If not, the epoch has brought nothing.
- After ``patience`` epochs in a row that have brought nothing, the learning rate is divided by 10,
  and the counting of such epochs begins again at 0. The best error so far stays.
- It is divided at most three times.

Write two functions:

1. `learning_rates(errors, lr, patience)`: the learning rate *during* each epoch.
2. `best_epoch(errors)`: the index of the epoch with the lowest validation error; of equal ones, the
   first. Its weights are the ones to keep ("early stopping").

Letters: E epochs.

Example: the error falls, then stays for two epochs.

>>> errors = np.array([0.5, 0.25, 0.25, 0.25, 0.125])
>>> learning_rates(errors, lr=0.5, patience=2)
array([0.5 , 0.5 , 0.5 , 0.5 , 0.05])
>>> best_epoch(np.array([0.5, 0.25, 0.25]))
1
"""

import numpy as np


def learning_rates(errors: np.ndarray, lr: float, patience: int) -> np.ndarray:
    """The learning rate during each epoch.

    errors : float64 (E,), validation errors after each epoch, from 0 to 1
    lr : float, of the first epoch
    patience : int, at least 1
    returns float64 (E,)
    """
    raise NotImplementedError("learning_rates is not written yet")


def best_epoch(errors: np.ndarray) -> int:
    """The epoch whose weights to keep.

    errors : float64 (E,)
    returns int, from 0 to E - 1
    """
    raise NotImplementedError("best_epoch is not written yet")
