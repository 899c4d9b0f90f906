"""Bugs in networks that are split among workers."""

from tests.mutants.mutant import Mutant

EXCHANGE = "tinyalex/parallel/exchange.py"
PART = "tinyalex/parallel/part.py"
GRADIENTS = "tinyalex/training/gradients.py"
SETUP = "tinyalex/training/setup.py"
LOOP = "tinyalex/training/loop.py"

OF_PARTS = "tests/parallel/test_part.py"
OF_TRAINING = "tests/training/test_parallel.py"
TOWERS = f"{OF_PARTS}::test_two_towers_on_two_workers_are_the_network"
HYBRID = f"{OF_PARTS}::test_the_hybrid_is_the_network_on_any_number_of_workers"
TRAINED = f"{OF_TRAINING}::test_the_hybrid_trains_the_network_of_one_worker"

PARALLEL_MUTANTS = (
    Mutant(
        "exchange: a gradient of another worker is not added",
        EXCHANGE,
        "return sum(others, start=first)",
        "return sum(others[1:], start=first)",
        (TOWERS, HYBRID),
    ),
    Mutant(
        "norm across towers: the border's gradient is not handed back",
        EXCHANGE,
        "        dx[:, : self.left, ...] += left\n",
        "",
        (TOWERS,),
    ),
    Mutant(
        "norm across towers: one channel too few is handed over",
        EXCHANGE,
        "reach = norm, norm.size // 2",
        "reach = norm, (norm.size - 1) // 2",
        (TOWERS,),
    ),
    Mutant(
        "dropout of a part: every worker drops what the first one drops",
        EXCHANGE,
        ")[:, first:end, ...]\n            for shard",
        ")[:, : end - first, ...]\n            for shard",
        (TOWERS, HYBRID),
    ),
    Mutant(
        "dropout of a part: all images have one worker's draw",
        EXCHANGE,
        "self.images.cuts, self.draws - rank",
        "self.images.cuts, self.draws",
        (HYBRID,),
    ),
    Mutant(
        "logits: their gradient is added up once per worker",
        EXCHANGE,
        "        return dy[:, first:end]\n",
        "        return self.group.size * dy[:, first:end]\n",
        (TOWERS,),
    ),
    Mutant(
        "hybrid: the gradient of the logits goes to the wrong features",
        EXCHANGE,
        "shapes = [(stop - start, end - first) for start, stop in pairwise(self.image_cuts)]\n"
        "        return self.xp.concat(self.exchange(parts, shapes), axis=0)",
        "shapes = [(stop - start, end - first) for start, stop in pairwise(self.image_cuts)]\n"
        "        return self.xp.concat(self.exchange(parts, shapes)[::-1], axis=0)",
        (HYBRID,),
    ),
    Mutant(
        "towers: flattened channels keep the places that they had as maps",
        PART,
        "self.cuts = [cut * math.prod(shape[2:]) for cut in self.cuts]",
        "self.cuts = [cut * shape[2] for cut in self.cuts]",
        (TOWERS,),
    ),
    Mutant(
        "towers: both workers take the left one",
        PART,
        "side = list(layer.children)[self.group.rank]",
        "side = list(layer.children)[0]",
        (TOWERS,),
    ),
    Mutant(
        "averages over a split parameter are those of the first worker's part",
        PART,
        "{name: values.mean(axis=0) for",
        "{name: values[0] for",
        (f"{OF_PARTS}::test_weights_go_apart_and_together_again",),
    ),
    Mutant(
        "hybrid: a worker without images leaves the others alone with theirs",
        GRADIENTS,
        "            self._set_draws(draws, self.shards.mine.start)\n",
        "",
        (TRAINED,),
    ),
    Mutant(
        "hybrid: gradients that are complete are added up once more",
        GRADIENTS,
        "split = model.rows if isinstance(model, Part) else {}",
        "split: dict[str, object] = {}",
        (TRAINED,),
    ),
    Mutant(
        "a resumed part begins without momentum",
        LOOP,
        "self.parts.optimizer.load_state_dict(own(model, checkpoint.momentum))",
        "self.parts.optimizer.load_state_dict(\n"
        "            {k: 0 * v for k, v in own(model, checkpoint.momentum).items()}\n"
        "        )",
        (f"{OF_TRAINING}::test_a_split_network_stopped_and_resumed_ends_with_the_same_bytes",),
    ),
    Mutant(
        "hybrid: more shards than workers are let in",
        SETUP,
        'if config.parallel == "hybrid" and shards != group.size:',
        'if config.parallel == "hybrid" and shards < group.size:',
        (f"{OF_TRAINING}::test_what_does_not_fit_is_refused_before_anything_is_written",),
    ),
)
