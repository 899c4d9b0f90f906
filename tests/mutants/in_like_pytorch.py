"""Bugs in what makes a network and a loader read like PyTorch's."""

from tests.mutants.mutant import Mutant

LIKE_PYTORCH = "tests/layers/test_like_pytorch.py"

MODULE = "tinyalex/layers/module.py"
BASE = "tinyalex/layers/base.py"
LOADER = "tinyalex/data/loader.py"
CONTAINERS = "tinyalex/layers/containers.py"

LIKE_PYTORCH_MUTANTS = (
    Mutant(
        "pooling: the third position is ceil_mode",
        "tinyalex/layers/pool.py",
        "*, ceil_mode: bool = False",
        "ceil_mode: bool = False",
        (f"{LIKE_PYTORCH}::test_a_position_that_means_something_else_in_pytorch_is_refused",),
    ),
    Mutant(
        "parameters: a name comes with the layer, not with the array",
        BASE,
        "((name, layer.params[key]) for",
        "((name, layer) for",
        (f"{LIKE_PYTORCH}::test_parameters_are_pairs_of_a_name_and_an_array",),
    ),
    Mutant(
        "network: a number is a name",
        CONTAINERS,
        "return layers[which]",
        "return self.children[str(which % len(layers))]",
        (f"{LIKE_PYTORCH}::test_a_layers_place_is_counted_whatever_its_name",),
    ),
    Mutant(
        "network: a slice begins as a new network, in training",
        CONTAINERS,
        "part.training, part.backend = self.training, self.backend",
        "part.backend = self.backend",
        (f"{LIKE_PYTORCH}::test_a_slice_is_a_network_of_the_same_layers_under_the_same_names",),
    ),
    Mutant(
        "network: -len - 1 wraps around",
        CONTAINERS,
        "if not -len(layers) <= which < len(layers):",
        "if not which < len(layers):",
        (f"{LIKE_PYTORCH}::test_a_layer_that_is_not_there_is_told_with_the_names_that_are",),
    ),
    Mutant(
        "attributes: whatever a layer lacks, forward is to be called",
        MODULE,
        'if name == "x_shape" or name in self.remembers:',
        "if name:",
        (f"{LIKE_PYTORCH}::test_a_name_that_is_written_wrongly_is_told_and_the_nearest_suggested",),
    ),
    Mutant(
        "attributes: what an inherited forward keeps is unknown",
        MODULE,
        "or name in self.remembers:",
        'or name in vars(type(self)).get("remembers", ()):',
        (f"{LIKE_PYTORCH}::test_what_forward_keeps_is_not_there_yet_whoever_wrote_the_layer",),
    ),
    Mutant(
        "types: a network that is moved is any layer",
        MODULE,
        "def to(self, backend: str | Backend) -> Self:",
        "def to(self, backend: str | Backend) -> Module:",
        (f"{LIKE_PYTORCH}::test_a_network_that_is_moved_or_switched_keeps_its_type",),
    ),
    Mutant(
        "losses: the common suite leaves them out",
        "tests/layers/examples.py",
        "issubclass(cls, Layer | Loss)",
        "issubclass(cls, Layer)",
        (f"{LIKE_PYTORCH}::test_a_loss_is_no_layer_of_a_network_and_is_checked_as_the_layers_are",),
    ),
    Mutant(
        "losses: a call forgets the labels",
        MODULE,
        "type(self).__name__), *more)",
        "type(self).__name__), *(0 * labels for labels in more))",
        (f"{LIKE_PYTORCH}::test_a_loss_is_called_with_logits_and_labels",),
    ),
    Mutant(
        "loader: every loop is the first epoch",
        LOADER,
        "return self.epoch(self._next_epoch)",
        "return self.epoch(0)",
        ("tests/data/test_loader.py::test_each_loop_over_a_loader_is_the_next_epoch",),
    ),
    Mutant(
        "loader: a loop counts from 0 whatever epoch was begun before",
        LOADER,
        "self._next_epoch = epoch + 1",
        "self._next_epoch += 1",
        ("tests/data/test_loader.py::test_a_loop_takes_the_epoch_after_the_current_one",),
    ),
)
