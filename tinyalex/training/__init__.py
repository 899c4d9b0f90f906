"""Training: `Trainer` for a network and data of your own, `train` for a run in a folder.

Both take the same steps and epochs (`tinyalex.training.engine`).
"""

from tinyalex.evaluation.score import Running, score, topk_wrong
from tinyalex.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tinyalex.runs.config import ResolvedConfig, RunConfig, read_config
from tinyalex.runs.load import Run, load_dataset, load_run, model_of
from tinyalex.runs.metrics import read_epochs, read_metrics
from tinyalex.runs.summary import read_summary
from tinyalex.training.callbacks import Callback, EarlyStopping, TextProgress
from tinyalex.training.listener import Listener
from tinyalex.training.notebook import NotebookProgress
from tinyalex.training.optimizer import SGD
from tinyalex.training.runs import resume, train
from tinyalex.training.schedules import (
    Cosine,
    Exponential,
    OneCycle,
    Plateau,
    Polynomial,
    Schedule,
    Steps,
    WarmUp,
)
from tinyalex.training.trainer import Trainer

__all__ = [
    "SGD",
    "Callback",
    "Checkpoint",
    "Cosine",
    "EarlyStopping",
    "Exponential",
    "Listener",
    "NotebookProgress",
    "OneCycle",
    "Plateau",
    "Polynomial",
    "ResolvedConfig",
    "Run",
    "RunConfig",
    "Running",
    "Schedule",
    "Steps",
    "TextProgress",
    "Trainer",
    "WarmUp",
    "load_checkpoint",
    "load_dataset",
    "load_run",
    "model_of",
    "read_config",
    "read_epochs",
    "read_metrics",
    "read_summary",
    "resume",
    "save_checkpoint",
    "score",
    "topk_wrong",
    "train",
]
