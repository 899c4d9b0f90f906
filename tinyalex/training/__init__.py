"""Training: the optimizer, schedules, checkpoints, the loop, and the folders that it leaves."""

from tinyalex.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from tinyalex.training.config import ResolvedConfig, RunConfig, read_config
from tinyalex.training.listener import Listener
from tinyalex.training.load import Run, load_run, model_of
from tinyalex.training.metrics import Running, read_metrics, score, topk_wrong
from tinyalex.training.optimizer import SGD
from tinyalex.training.runs import resume, train
from tinyalex.training.setup import load_dataset
from tinyalex.training.summary import read_summary

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
    "read_metrics",
    "read_summary",
    "resume",
    "save_checkpoint",
    "score",
    "topk_wrong",
    "train",
]
