"""AlexNet from first principles: every layer forward and backward, in NumPy.

The public names live one level down, where a reader looks for them first:
``tinyalex.layers``, ``tinyalex.models``, ``tinyalex.backends``, ``tinyalex.recipes``,
``tinyalex.data``, ``tinyalex.training``, ``tinyalex.evaluation`` and ``tinyalex.check``.
"""

__version__ = "0.1.0"
