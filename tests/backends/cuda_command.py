"""The command line with the double of CuPy under it: ``python -m tests.backends.cuda_command ...``

Set ``NUMBA_ENABLE_CUDASIM=1``; then ``train --backend cuda`` and the like run without a GPU, a
few thousand times slower than with one.
"""

from __future__ import annotations

from tests.backends import cuda_double

if __name__ == "__main__":
    cuda_double.install()

    from tinyalex.cli import main

    main()
