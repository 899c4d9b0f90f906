"""Sentences of the documentation with figures of ours: ``{}`` for each, and where it comes from."""

from __future__ import annotations

from measured import (
    before_2012,
    errors,
    figure_1,
    gpu_ratio,
    gpu_turns,
    logged,
    mean,
    ratio,
    read,
    runs,
    spread_of,
)

Claim = tuple[str, list[float]]


def of_readme() -> list[Claim]:
    tiny, sec = errors("tiny-digits/seed", 0, 1, 2), errors("cifar-80sec/seed", 0, 1, 2)
    mini = errors("imagenette/seed", 0, 1, 2)
    return [
        *of_first_run(),
        ("| `tiny`, digits | {:.2f} ± {:.2f} % |", [mean(tiny), spread_of(tiny)]),
        ("| `cifar-80sec`, CIFAR-10 | {:.2f} ± {:.2f} % |", [mean(sec), spread_of(sec)]),
        ("| ensemble of the three | {:.2f} % | `tinyalex evaluate runs/cifar",
         logged("cifar-80sec/ensemble.txt")),
        ("| `alexnet-mini`, Imagenette (4,000 images) | {:.2f} ± {:.2f} % |",
         [mean(mini), spread_of(mini)]),
        ("the paper's net is {:.1f} times as fast as with PyTorch at its best settings",
         [ratio("train", "best-alexnet-train")]),
    ]  # fmt: skip


def of_first_run() -> list[Claim]:
    first = runs("tiny-digits/seed", 0)[0]
    return [
        ("test error  {:.2f} %", errors("tiny-digits/seed", 0)),
        ("time        {:.1f} s for 40 epochs, {:,.0f} images/s",
         [first["wall_seconds"], first["images_per_second"]]),
    ]  # fmt: skip


def of_what_to_run() -> list[Claim]:
    tiny, sec, mini = "tiny-digits/seed", "cifar-80sec/seed", "imagenette/seed"
    nets = ("alexnet", "alexnet-torchvision", "cifar-18pct")
    trained = [ratio("train", f"best-{net}-train") for net in nets]
    return [
        ("no download | {:.1f} | {:.1f} % |", [minutes(tiny), mean(errors(tiny, 0, 1, 2))]),
        ('calls "80sec" | {:.1f} | {:.1f} %', [minutes(sec), mean(errors(sec, 0, 1, 2))]),
        ("half of AlexNet's filters | {:.0f} (shared machine) | {:.1f} % |",
         [minutes(mini), mean(errors(mini, 0, 1, 2))]),
        ("the paper's net is {:.1f} times as fast, torchvision's\nAlexNet {:.1f} times, "
         "`cifar-18pct` {:.1f} times.", trained),
        ("Inference on 64 images is {:.1f} and {:.1f} times as fast with the two AlexNets,\nand "
         "{:.2f} and {:.2f} times on a single image (",
         [ratio("infer", f"best-{net}-infer-{n}") for n in (64, 1) for net in nets[:2]]),
        ("step of the paper's net is {:.1f} times as fast as PyTorch's in float32 and {:.1f}\n"
         "times", [gpu_ratio("float32"), gpu_ratio("tf32")]),
        ("alternating with PyTorch, it is {:.2f} and {:.2f} times as fast. There `cifar-18pct` "
         "reached {:.1f} % test error",
         [gpu_turns("float32"), gpu_turns("tf32"),
          logged("gpu/h200/cifar-18pct.txt", r"^epoch 124 .*\| .* error ([\d.]+) %")[-1]]),
        ("features reach {:.1f} % test error, one small net {:.1f} %, an ensemble of seven\n"
         "  {:.1f} %. The confidence intervals do not overlap.",
         [100 * error for error in before_2012()["errors"].values()]),
        ("training error {:.1f} times faster than tanh (the paper: six times)", [figure_1()]),
        ("within half a percent of the error that their author\n  states ({:.1f}, {:.1f}, {:.1f}, "
         "{:.1f} %)", ladder("80sec", "19pct", "19pct-crop", "18pct")),
        ("crops with flips are worth {:.1f}, {:.1f} and\n  {:.1f} points.",
         ablations(*WORSE)),
    ]  # fmt: skip


def minutes(folder: str) -> float:
    """How long one of three runs takes, on average."""
    return mean([run["wall_seconds"] for run in runs(folder, 0, 1, 2)]) / 60


LEFT_OUT = "reproduced/ablations"
WORSE = ("no normalisation", "no exchange between columns", "no crops, no mirrors")
UNSEEN = ("pooling that does not overlap", "no colour shift")


def of_reproduce() -> list[Claim]:
    sooner, arrivals = figure_1(), read("reproduced/fig1/result.json")["figures"]["arrivals"]
    relu, tanh = mean(arrivals["ReLU"]), mean(arrivals["tanh"])
    apart = max(max(values) / min(values) for values in arrivals.values())
    why = read("reproduced/fig1-why/result.json")["figures"]
    scaled, weights = (setting["arrivals"] for setting in why["settings"][2:])
    last = ladder("13pct", "11pct")
    lab = read(f"{LEFT_OUT}/result.json")
    whole = [float(cell.split()[0]) for cell in (lab["rows"][0][2], lab["rows"][0][1])]
    changes = [lab["figures"]["without"][net]["change"] for net in UNSEEN]
    half = [50 * (change["high"] - change["low"]) for change in changes]
    falling = r"cifar-11pct, seed 0, epoch [46]0/80: training error ([\d.]+)%"
    return [
        ("**Figure 1's factor of six is {:.1f} here", [sooner]),
        ("ReLU needs {:.1f} epochs and tanh {:.1f}, where six times would be {:.1f}",
         [relu, tanh, 6 * relu]),
        ("seeds\ndiffer by {:.0f} % here", [100 * (apart - 1)]),
        ("With tanh at half of its best learning rate the factor is {:.1f}.",
         [why["slower"][0]["factor"]]),
        ("**tanh is a little faster\n  than ReLU**: {:.1f} epochs and {:.1f}.",
         [scaled["tanh"], scaled["ReLU"]]),
        ("ReLU is then half as fast ({:.1f} epochs) and tanh stays the same ({:.1f})",
         [weights["ReLU"], weights["tanh"]]),
        ("ladder are {:.1f} and {:.1f} % above", [last[0] - 13, last[1] - 11]),
        ("{:.1f} % where `cifar-13pct` has 13 %, and {:.1f} % where\n`cifar-11pct`", last),
        ("had still fallen from {:.1f} to {:.1f} %", logged("reproduced/ladder/log.txt", falling)),
        ("without normalisation ({:.1f} points; theirs 1.4), without\n  connections between the "
         "towers ({:.1f}; theirs 1.2), without crops and flips ({:.1f})", ablations(*WORSE)),
        ("training error falls to {:.1f} %, but the test error is {:.1f} %",
         [*ablations(WORSE[2], what="training_error"), *ablations(WORSE[2], what="error")]),
        ("Pooling that does not overlap ({:.1f} points; theirs 0.4) and no colour shift ({:.1f};",
         ablations(*UNSEEN)),
        ("the intervals\n  are {:.1f} and {:.1f} points to either side", half),
        ("Dropout costs {:.1f} points.", [-x for x in ablations("no dropout")]),
        ("The complete net ends at {:.1f} % training error and {:.1f} % test error; without\n  "
         "dropout it ends at {:.1f} and {:.1f} %",
         [*whole, *ablations("no dropout", what="training_error"),
          *ablations("no dropout", what="error")]),
        ("The test error of tanh is {:.1f} %, of ReLU {:.1f} %, and the",
         [*ablations("tanh", what="error"), whole[1]]),
        ("Without it tanh has {:.1f} %",
         [mean(logged(f"{LEFT_OUT}/tanh-without-dropout.txt", r"^test error +([\d.]+) %"))]),
        ("the same three seeds) and ReLU {:.1f} %", ablations("no dropout", what="error")),
    ]  # fmt: skip


def ablations(*nets: str, what: str = "change") -> list[float]:
    """Points of test error above the whole net's; or ``error``, ``training_error``."""
    figures = read(f"{LEFT_OUT}/result.json")["figures"]["without"]
    return [100 * figures[net][what]["mean"] for net in nets]


def ladder(*rungs: str) -> list[float]:
    """Test errors of cuda-convnet's nets, percent."""
    found = read("reproduced/ladder/result.json")["figures"]
    return [100 * found[f"cifar-{rung}"]["error"]["mean"] for rung in rungs]


# Figures that are nobody's measurement here, and whose they are.
NOT_OURS = {
    r"Python 3\.11|NumPy 2\.4": "versions",
    r"\(its author: 26 %\)": "cuda-convnet, layers-80sec.cfg",
    r"\(its author: 18 %\)": "cuda-convnet, layers-18pct.cfg",
    r"\(top-5: 18\.2 %, one net, ten crops\)": "the paper, section 1",
    r"would in 95 % of cases": "a definition",
    r"has 1[13] %": "cuda-convnet, wiki (TrainingNet)",
    r"25 % training error six times faster": "the paper, figure 1",
    r"26\.2 > 18\.2 > 15\.3 %|the published 26\.2 %": "the paper, sections 1 and 6",
    r"18\.2 % with one, 16\.4 % with five": "the paper, section 6",
    r"39\.0 and 37\.5 %": "the paper, section 4.1",
    r"that a net needs \(the paper, section 4\.2\)": "a section",
    r"0\.01, chosen by hand": "the paper, section 5",
    r"Student's 95 % interval": "a definition",
}
