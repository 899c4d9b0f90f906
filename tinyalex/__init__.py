"""AlexNet from first principles: every layer forward and backward, in NumPy.

The public names live one level down, where a reader looks for them first:
``tinyalex.layers``, ``tinyalex.models``, ``tinyalex.backends``, ``tinyalex.recipes``,
``tinyalex.data``, ``tinyalex.training``, ``tinyalex.evaluation`` and ``tinyalex.check``.
"""

from tinyalex.processor import tell_openblas as _tell_openblas

__version__ = "0.1.0"

_tell_openblas()
