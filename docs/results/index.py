"""Every measured figure in README.md and on this folder's page, from the files in this folder.

``python docs/results/index.py`` writes them anew; with ``--check`` it only says what differs.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
README, PAGE = ROOT / "README.md", HERE / "README.md"
BEGIN, END = "<!-- made by index.py -->", "<!-- /made by index.py -->"


def _json(path: str) -> Any:
    return json.loads((HERE / path).read_text(encoding="utf-8"))


def _in_log(path: str, pattern: str) -> list[str]:
    """What the pattern's group matched in a committed log, each time."""
    found = re.findall(pattern, (HERE / path).read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"{path}: nothing looks like {pattern}")
    return found


@dataclass(frozen=True)
class Row:
    """A line of the table: its errors, in percent, come from the files."""

    net: str
    data: str
    errors: list[float]
    goal: str
    seeds: str
    hardware: str
    time: str
    command: str
    log: str

    def cells(self) -> list[str]:
        several = len(self.errors) > 1
        each = ", ".join(f"{e:.2f}" for e in self.errors)
        spread = f"{mean(self.errors):.2f}, {spread_of(self.errors):.2f} %" if several else ""
        return [
            *(self.net, self.data, f"{each} %", spread, self.goal, self.seeds),
            *(self.hardware, self.time, f"`{self.command}`", self.log),
        ]


HEADINGS = "net, data, test error, mean and spread, goal, seeds, hardware, time, command, log"


def mean(values: list[float]) -> float:
    return statistics.fmean(values)


def spread_of(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def runs(folder: str, *seeds: int) -> list[dict[str, Any]]:
    return [_json(f"{folder}{seed}/summary.json") for seed in seeds]


def errors(folder: str, *seeds: int) -> list[float]:
    return [100 * float(run["top1_error"]) for run in runs(folder, *seeds)]


def seconds(folder: str, *seeds: int) -> str:
    return ", ".join(f"{run['wall_seconds']:.0f}" for run in runs(folder, *seeds)) + " s"


def logged(path: str, last: str = r"^all \d+ together +([\d.]+) %") -> list[float]:
    return [float(error) for error in _in_log(path, last)]


def ten_crops(folder: str, *seeds: int) -> list[float]:
    found = [_in_log(f"{folder}{s}/ten-crops.txt", r"^runs/\S+ +([\d.]+) %")[0] for s in seeds]
    return [float(error) for error in found]


def rows() -> list[Row]:
    tiny, sec, mini = "tiny-digits/seed", "cifar-80sec/seed", "imagenette/seed"
    crops = logged("imagenette/evaluate.txt", r"^runs/alexnet-mini\S+ +([\d.]+) %")
    return [
        Row(
            "`tiny`, numba", "digits", errors(tiny, 0, 1, 2), "", "0, 1, 2", "C",
            seconds(tiny, 0, 1, 2), "tinyalex train --seed N", "[tiny-digits](tiny-digits)",
        ),
        Row(
            "three `tiny` together", "digits", logged("tiny-digits/ensemble.txt"), "", "0, 1, 2",
            "C", "", "tinyalex evaluate RUN RUN RUN", "[tiny-digits](tiny-digits/ensemble.txt)",
        ),
        Row(
            "`cifar-18pct`, numpy", "CIFAR-10", errors("cifar-18pct/seed", 0), "18 %", "0",
            "A, 1 thread", "1 h 58 min beside other jobs",
            "tinyalex train --data cifar10 --model cifar-18pct --batch-size 32 --epochs 40 "
            "--seed 0 --threads 1", "[cifar-18pct](cifar-18pct)",
        ),
        Row(
            "`cifar-80sec`, numba", "CIFAR-10", errors(sec, 0, 1, 2), "26 %", "0, 1, 2", "B",
            seconds(sec, 0, 1, 2), "tinyalex train --data cifar10 --model cifar-80sec --seed N",
            "[cifar-80sec](cifar-80sec)",
        ),
        Row(
            "three `cifar-80sec` together", "CIFAR-10", logged("cifar-80sec/ensemble.txt"), "",
            "0, 1, 2", "B", "", "tinyalex evaluate RUN RUN RUN",
            "[cifar-80sec](cifar-80sec/ensemble.txt)",
        ),
        Row(
            "`cifar-80sec`, ten crops", "CIFAR-10", ten_crops(sec, 0, 1, 2), "", "0, 1, 2", "B",
            "", "tinyalex evaluate RUN --crops 10", "[cifar-80sec](cifar-80sec)",
        ),
        Row(
            "`cifar-80sec`, numpy", "CIFAR-10", errors("cifar-80sec/numpy-seed", 0, 1, 2), "26 %",
            "0, 1, 2", "A, 1 thread", "34, 42 and 30 min beside other jobs",
            "tinyalex train --data cifar10 --model cifar-80sec --seed N --threads 1",
            "[cifar-80sec](cifar-80sec/numpy-seed0)",
        ),
        Row(
            "`alexnet-mini`, numba", "Imagenette, 4,000 + 1,000 images", errors(mini, 0, 1, 2),
            "below 40 %", "0, 1, 2", "B", f"{seconds(mini, 0, 1, 2)} beside other jobs",
            "tinyalex train --data imagenette-128 --model alexnet-mini --seed N",
            "[imagenette](imagenette)",
        ),
        Row(
            "`alexnet-mini`, ten crops", "Imagenette", crops[-3:], "", "0, 1, 2", "B", "",
            "tinyalex evaluate RUN --crops 10", "[imagenette](imagenette/evaluate.txt)",
        ),
        Row(
            "three `alexnet-mini` together", "Imagenette",
            logged("imagenette/evaluate.txt")[:1], "", "0, 1, 2", "B", "",
            "tinyalex evaluate RUN RUN RUN", "[imagenette](imagenette/evaluate.txt)",
        ),
        Row(
            "the same, ten crops", "Imagenette", logged("imagenette/evaluate.txt")[-1:], "",
            "0, 1, 2", "B", "", "tinyalex evaluate RUN RUN RUN --crops 10",
            "[imagenette](imagenette/evaluate.txt)",
        ),
    ]  # fmt: skip


def experiments() -> list[list[str]]:
    """What each experiment of `tinyalex reproduce` found: name, question, answer."""
    found = []
    for path in sorted(HERE.glob("reproduced/*/result.json")):
        result = _json(str(path.relative_to(HERE)))
        place = path.parent.relative_to(HERE).as_posix()
        found.append(
            [
                f"[{result['experiment']}]({place}/result.md)",
                *(result["question"], result["claim"], result["answer"]),
            ]
        )
    return found


def ratio(task: str, *logs: str) -> float:
    """How many times as fast as PyTorch, from logs of `tinyalex bench`: the mean of the runs."""
    pattern = rf"^{task} +numba .* ([\d.]+) \([\d.]+-[\d.]+\) *$"
    return mean([float(_in_log(f"cpu/{log}.txt", pattern)[0]) for log in logs])


def gpu_ratio(precision: str) -> float:
    """Images a second on a GPU over PyTorch's in its better order of memory: the smaller batch."""
    rates = {
        who: max(map(float, _in_log("gpu/training-step.txt", rf"^{who}.*, (\d+) images/s")))
        for who in (f"tinyalex, {precision}, batch 128", f"torch, {precision}, .*batch 128")
    }
    ours, theirs = rates.values()
    return ours / theirs


def before_2012() -> dict[str, Any]:
    """Its figures; README says that the intervals do not touch."""
    figures: dict[str, Any] = _json("reproduced/before2012/result.json")["figures"]
    assert figures["apart"] and len(figures["errors"]) == 3
    return figures


def figure_1() -> float:
    """Its factor; README says that it is gone once the inputs are scaled."""
    scaled = _json("reproduced/fig1-why/result.json")["figures"]["settings"][2]
    assert scaled["name"] == "pixels / 64" and scaled["factor"] < 1
    factor: float = _json("reproduced/fig1/result.json")["figures"]["factor"]["mean"]
    return factor


def claims() -> list[tuple[str, list[float]]]:
    """Sentences of README.md with ``{}`` for each figure, and the figures."""
    tiny = errors("tiny-digits/seed", 0, 1, 2)
    sec, crops = errors("cifar-80sec/seed", 0, 1, 2), ten_crops("cifar-80sec/seed", 0, 1, 2)
    mini = errors("imagenette/seed", 0, 1, 2)
    mini_crops = logged("imagenette/evaluate.txt", r"^runs/alexnet-mini\S+ +([\d.]+) %")[-3:]
    first = runs("tiny-digits/seed", 0)[0]
    sec_time = mean([r["wall_seconds"] for r in runs("cifar-80sec/seed", 0, 1, 2)]) / 60
    mini_time = mean([r["wall_seconds"] for r in runs("imagenette/seed", 0, 1, 2)]) / 60
    tiny_time = mean([r["wall_seconds"] for r in runs("tiny-digits/seed", 0, 1, 2)]) / 60
    trained = [f"{net}-train-{i}" for net in ("alexnet", "alexnet-torchvision") for i in (1, 2)]
    return [
        ("test error  {:.2f} %", [tiny[0]]),
        ("time        {:.1f} s for 40 epochs, {:,.0f} images/s",
         [first["wall_seconds"], first["images_per_second"]]),
        ("no download | {:.1f} | {:.1f} % |", [tiny_time, mean(tiny)]),
        ('calls "80sec" | {:.1f} | {:.1f} %', [sec_time, mean(sec)]),
        ("half of AlexNet's filters | {:.0f}, beside other jobs | {:.1f} % |",
         [mini_time, mean(mini)]),
        ("step of the paper's net is {:.1f} times as fast as PyTorch's in float32 and {:.1f} times",
         [gpu_ratio("float32"), gpu_ratio("tf32")]),
        ("by hand err on {:.1f} % of the test\nimages, one small net on {:.1f} %, seven of them "
         "together on {:.1f} %; the intervals do not touch",
         [100 * error for error in before_2012()["errors"].values()]),
        ("training error {:.1f} times sooner than tanh, where the paper has six", [figure_1()]),
        ("| `tiny`, digits | {:.2f} ± {:.2f} % |", [mean(tiny), spread_of(tiny)]),
        ("| the three of them together | {:.2f} % | | `tinyalex evaluate runs/tiny",
         logged("tiny-digits/ensemble.txt")),
        ("| `cifar-80sec`, CIFAR-10 | {:.2f} ± {:.2f} % |", [mean(sec), spread_of(sec)]),
        ("| the same, ten crops | {:.2f} ± {:.2f} % | 0, 1, 2 | `tinyalex evaluate RUN --crops 10` "
         "|\n| the three of them together | {:.2f} % | | `tinyalex evaluate runs/cifar",
         [mean(crops), spread_of(crops), *logged("cifar-80sec/ensemble.txt")]),
        ("| `cifar-18pct`, CIFAR-10, NumPy backend | {:.2f} % |", errors("cifar-18pct/seed", 0)),
        ("| `alexnet-mini`, Imagenette (4,000 images) | {:.2f} ± {:.2f} % |",
         [mean(mini), spread_of(mini)]),
        ("| the same, ten crops | {:.2f} ± {:.2f} % | 0, 1, 2 | `tinyalex evaluate RUN --crops 10` "
         "|\n| the three of them together, ten crops | {:.2f} % |",
         [mean(mini_crops), spread_of(mini_crops), logged("imagenette/evaluate.txt")[-1]]),
        ("the paper's net {:.1f} times as fast,\ntorchvision's AlexNet {:.1f} times, `cifar-18pct` "
         "{:.1f} times; a single image of torchvision's layout {:.1f}\ntimes",
         [ratio("train", *trained[:2]), ratio("train", *trained[2:]),
          ratio("train", "cifar-18pct-train-1", "cifar-18pct-train-2"),
          ratio("infer", "alexnet-torchvision-infer-1-1", "alexnet-torchvision-infer-1-2")]),
    ]  # fmt: skip


# Figures in README.md that are nobody's measurement here, and whose they are.
NOT_OURS = {
    r"Python 3\.11|NumPy 2\.4": "versions",
    r"\(its author: 26 %\)": "cuda-convnet, layers-80sec.cfg",
    r"\(top-5: 18\.2 %, one net, ten crops\)": "the paper, section 1",
}
# What looks measured: decimals, percentages, factors, minutes.
MEASURED = re.compile(r"\d[\d,]*\.\d+|\d[\d,.]*(?= ?(?:%|times|minutes))")


def table() -> str:
    """The generated part of this folder's page."""
    headings = HEADINGS.split(", ")
    lines = [headings, ["---"] * len(headings), *(row.cells() for row in rows())]
    made = [f"| {' | '.join(cells)} |" for cells in lines]
    if found := experiments():
        made += ["", "The paper's claims, each rerun by `tinyalex reproduce NAME`:", ""]
        lines = [["experiment", "question", "the paper", "here"], ["---"] * 4, *found]
        made += [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join(made) + "\n"


def pattern_of(text: str) -> re.Pattern[str]:
    """What a claim looks like with any figures."""
    return re.compile(r"([\d.,]+)".join(map(re.escape, re.split(r"\{[^}]*\}", text))))


def with_claims(readme: str) -> str:
    """README.md with today's figures; every claim must be there exactly once."""
    for text, figures in claims():
        pattern = pattern_of(text)
        if (count := len(pattern.findall(readme))) != 1:
            raise SystemExit(f"README.md: {count} times, not once: {text}")
        readme = pattern.sub(lambda _, t=text, f=figures: t.format(*f), readme)
    return readme


def uncovered(readme: str) -> list[str]:
    """Figures in README.md's prose and tables that no claim makes."""
    prose = readme
    for text, _ in claims():
        prose = pattern_of(text).sub("", prose)
    for known in NOT_OURS:
        prose = re.sub(known, "", prose)
    prose = re.sub(r"^```.*?^```", "", prose, flags=re.MULTILINE | re.DOTALL)
    return [f"{m.group()} in: {_line(prose, m.start())}" for m in MEASURED.finditer(prose)]


def _line(text: str, at: int) -> str:
    return text[text.rfind("\n", 0, at) + 1 : text.find("\n", at)].strip()


def made() -> dict[Path, str]:
    """Both pages as they should be."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN + "\n")
    page = f"{before}{BEGIN}\n{table()}{END}\n{rest.split(END + chr(10))[1]}"
    return {README: with_claims(README.read_text(encoding="utf-8")), PAGE: page}


def main(write: bool = False) -> list[str]:
    """Say what is wrong; with ``write``, put right what can be."""
    wrong = []
    for path, text in made().items():
        if path.read_text(encoding="utf-8") != text:
            wrong.append(f"{path.relative_to(ROOT)}: its figures are not those of the files")
            if write:
                path.write_text(text, encoding="utf-8")
    found = uncovered(README.read_text(encoding="utf-8"))
    return wrong + [f"README.md: from no file of docs/results: {what}" for what in found]


if __name__ == "__main__":
    if "--check" in sys.argv:
        said = main()
    else:
        main(write=True)
        said = main()
    print("\n".join(said) or "README.md and docs/results/README.md agree with the files")
    sys.exit(bool(said))
