"""Wrong answers to exercise 28."""

from tests.learn.wrong import Wrong

DISTANCE = "distances = (differences**2).sum(axis=2)  # the root does not change the order"
ORDER = 'return np.argsort(distances, axis=1, kind="stable")[:, :k]'
RETURN = "return classes[np.arange(len(classes)), winners]"
VOTES = (
    "votes = (classes[:, :, None] == classes[:, None, :]).sum(axis=2)  # of each neighbour's class"
)

WRONG = (
    Wrong(
        "distances instead of indices", ORDER, "return np.sort(distances, axis=1)[:, :k]", "shape"
    ),
    Wrong("all neighbours", ORDER, 'return np.argsort(distances, axis=1, kind="stable")', "shape"),
    Wrong(
        "one row per image",
        ORDER,
        'return np.argsort(distances, axis=0, kind="stable")[:, :k]',
        "an image is its own neighbour",
    ),
    Wrong(
        "the farthest",
        ORDER,
        'return np.argsort(-distances, axis=1, kind="stable")[:, :k]',
        "an image is its own neighbour",
    ),
    Wrong(
        "never the image itself",
        ORDER,
        'order = np.argsort(distances + 1e9 * (distances == 0), axis=1, kind="stable")\n'
        "    return order[:, :k]",
        "an image is its own neighbour",
    ),
    Wrong(
        "differences cancel",
        DISTANCE,
        "distances = np.abs(differences.sum(axis=2))",
        "an image is its own neighbour",
    ),
    Wrong(
        "the largest difference", DISTANCE, "distances = np.abs(differences).max(axis=2)", "order"
    ),
    Wrong("absolute differences", DISTANCE, "distances = np.abs(differences).sum(axis=2)", "order"),
    Wrong("the first feature only", DISTANCE, "distances = differences[:, :, 0] ** 2", "order"),
    Wrong(
        "ties from the back",
        ORDER,
        'order = np.argsort(distances[:, ::-1], axis=1, kind="stable")\n'
        "    return (len(features) - 1 - order)[:, :k]",
        "order",
    ),
    Wrong("the class of each neighbour", RETURN, "return classes", "shape of the votes"),
    Wrong(
        "the image instead of its class",
        RETURN,
        "return neighbours[np.arange(len(classes)), winners]",
        "one neighbour",
    ),
    Wrong("the nearest decides alone", RETURN, "return classes[:, 0]", "majority"),
    Wrong(
        "the smallest class of equal ones",
        "winners = votes.argmax(axis=1)  # the first of equals is the nearest",
        "winners = (10 * votes - classes).argmax(axis=1)",
        "majority",
    ),
    Wrong(
        "the mean class",
        RETURN,
        "return np.round(classes.mean(axis=1)).astype(np.int64)",
        "majority",
    ),
    Wrong(
        "the rarest class",
        VOTES,
        "votes = -(classes[:, :, None] == classes[:, None, :]).sum(axis=2)",
        "majority",
    ),
    Wrong(
        "ten classes only",
        "(classes[:, :, None] == classes[:, None, :]).sum(axis=2)",
        "(np.eye(10)[classes] @ np.eye(10)[classes].transpose(0, 2, 1)).sum(axis=2)",
        "shape of the votes",
    ),
    Wrong("a sort that does not keep the order of equals", ', kind="stable")', ")", "order"),
    Wrong(
        "the k nearest in any order",
        'np.argsort(distances, axis=1, kind="stable")[:, :k]',
        "np.argpartition(distances, k - 1, axis=1)[:, :k]",
        "order",
    ),
    Wrong(
        "rounds the distances",
        "(differences**2).sum(axis=2)",
        "(differences**2).sum(axis=2).round(3)",
        "order",
    ),
)
