"""Exercise 26: shapes, weights and arithmetic of a network (lesson 10).

A layer is a tuple: its kind, then its numbers.

    ("conv", F, K, stride, padding, groups)    F filters of K x K pixels
    ("pool", K, stride)                        windows of K x K pixels, no padding
    ("linear", outputs)                        sees all numbers of its input

A shape is (C, H, W), without the batch. The output of a linear layer has the shape
(outputs, 1, 1). The sizes of a convolution and of a pooling are rounded down:

    OH = (H + 2 * padding - K) // stride + 1        (OW is the same with W)

A filter of a convolution sees C / groups channels. It has one weight for each number that it sees,
and one bias. It is applied at each of OH * OW positions, with one multiply-add per weight (the bias
does not count as one). An output of a linear layer also has one weight per input, and one bias.

Write three functions:

1. `output_shape(layer, shape)`: the shape after the layer.
2. `parameters(layer, shape)`: how many weights and biases the layer has. Pooling has none.
3. `totals(layers, shape)`: the parameters and the multiply-adds of a whole network, whose first
   layer sees ``shape`` and each other layer the output of the one before.

The last property counts AlexNet itself.

Example: two filters of 3 x 3 over an image of three channels and 5 x 5 pixels.

>>> conv = ("conv", 2, 3, 1, 0, 1)
>>> output_shape(conv, (3, 5, 5)), parameters(conv, (3, 5, 5))
((2, 3, 3), 56)
>>> totals((conv, ("pool", 2, 1), ("linear", 10)), (3, 5, 5))
(146, 566)
"""


def output_shape(layer: tuple, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The shape after one layer.

    layer : tuple, as above
    shape : int (C, H, W)
    returns three int
    """
    raise NotImplementedError("output_shape is not written yet")


def parameters(layer: tuple, shape: tuple[int, int, int]) -> int:
    """How many weights and biases one layer has.

    layer : tuple, as above
    shape : int (C, H, W), of the layer's input
    returns int
    """
    raise NotImplementedError("parameters is not written yet")


def totals(layers: tuple, shape: tuple[int, int, int]) -> tuple[int, int]:
    """Parameters and multiply-adds of a network, for one image.

    layers : tuple of layers
    shape : int (C, H, W), of the image
    returns two int
    """
    raise NotImplementedError("totals is not written yet")
