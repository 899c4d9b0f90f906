"""Testing trained networks: top-k errors, ten crops, ensembles, confusion, predictions."""

from tinyalex.evaluation.confusion import confusion, confusion_pairs
from tinyalex.evaluation.ensemble import mean_probability
from tinyalex.evaluation.evaluate import errors, evaluate
from tinyalex.evaluation.predict import predict
from tinyalex.evaluation.search import search_coefficients, search_part
from tinyalex.evaluation.views import probabilities, softmax

__all__ = [
    "confusion",
    "confusion_pairs",
    "errors",
    "evaluate",
    "mean_probability",
    "predict",
    "probabilities",
    "search_coefficients",
    "search_part",
    "softmax",
]
