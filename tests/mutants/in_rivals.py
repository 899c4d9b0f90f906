"""Bugs in how PyTorch's fastest settings are found."""

from tests.mutants.mutant import Mutant

SETTINGS = "tinyalex/check/bench/torch_settings.py"
PEER = "tinyalex/check/bench/peer.py"
OF_TORCH = "tests/check/test_bench_torch.py"
BEST = f"{OF_TORCH}::test_the_peer_keeps_the_fastest_settings_and_tells_of_all"
WHAT = f"{OF_TORCH}::test_what_is_tried_depends_on_the_task_the_device_and_the_precision"

RIVAL_MUTANTS = (
    Mutant(
        "rivals: the slowest settings are kept",
        SETTINGS,
        "        return max(trials, key",
        "        return min(trials, key",
        (BEST,),
    ),
    Mutant(
        "rivals: compiling counts as computing",
        SETTINGS,
        "    return first, work.images / max(min(spent), 1e-9)",
        "    return first, work.images / max(first, 1e-9)",
        (BEST,),
    ),
    Mutant(
        "rivals: torch.compile gets one memory format only",
        SETTINGS,
        'trial.settings.get("compile", "off") != "off"]',
        'trial.settings.get("compile", "off") == "none"]',
        (BEST,),
    ),
    Mutant(
        "rivals: no CUDA graphs on a GPU",
        SETTINGS,
        'if job.device == "cuda" else ()',
        'if job.device == "gpu" else ()',
        (BEST, WHAT),
    ),
    Mutant(
        "rivals: PyTorch's bfloat16 is float32",
        PEER,
        'if self.job.precision != "bf16" or',
        'if self.job.precision != "bfloat16" or',
        (f"{OF_TORCH}::test_in_bfloat16_the_peers_products_are_rounded",),
    ),
    Mutant(
        "rivals: who compiles is not told how long it takes",
        "tinyalex/check/bench/tables.py",
        'compiled = settings.get("compile", "off") != "off"',
        'compiled = settings.get("compile", "off") == "off"',
        (f"{OF_TORCH}::test_the_settings_are_told_in_words",),
    ),
)
