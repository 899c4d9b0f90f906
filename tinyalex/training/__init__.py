"""Training: optimizer, schedules, the loop, and the run's folder that it writes."""

from tinyalex.evaluation.score import Running, score, topk_wrong
from tinyalex.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tinyalex.runs.config import ResolvedConfig, RunConfig, read_config
from tinyalex.runs.load import Run, load_dataset, load_run, model_of
from tinyalex.runs.metrics import read_epochs, read_metrics
from tinyalex.runs.summary import read_summary
from tinyalex.training.listener import Listener
from tinyalex.training.optimizer import SGD
from tinyalex.training.runs import resume, train

__all__ = [
    "SGD",
    "Checkpoint",
    "Listener",
    "ResolvedConfig",
    "Run",
    "RunConfig",
    "Running",
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
