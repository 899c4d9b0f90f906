"""What a process finds in its environment that was started with others: its rank, a terminal.

Every command loads this, so it reads variables and imports nothing else.
"""

from __future__ import annotations

import os

# Where MPICH, Intel MPI, Open MPI and Slurm's plug-ins tell every process its rank.
RANK = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "MPI_LOCALRANKID")
# Set by our own launcher, if what rank 0 prints appears on a terminal. COLUMNS is its width.
TERMINAL = "TINYALEX_TERMINAL"


def on_terminal() -> bool | None:
    """Whether what this process prints to stdout appears on a terminal; None: look at stdout.

    Only rank 0 draws, whatever the terminal.
    """
    if any(os.environ.get(name, "0") != "0" for name in RANK):
        return False
    return True if TERMINAL in os.environ else None
