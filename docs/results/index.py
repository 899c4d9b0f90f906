"""Every measured figure in README.md, on three pages of docs/ and on this folder's, from its files.

``python docs/results/index.py`` writes them anew; with ``--check`` it only says what differs.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import claims
from measured import errors, logged, mean, read, seconds, spread_of, ten_crops

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
README, PAGE = ROOT / "README.md", HERE / "README.md"
FIRST_RUN, WHAT_TO_RUN, REPRODUCE = (
    ROOT / "docs" / f"{name}.md" for name in ("first-run", "what-to-run", "reproduce")
)
CLAIMS = {
    README: claims.of_readme,
    FIRST_RUN: claims.of_first_run,
    WHAT_TO_RUN: claims.of_what_to_run,
    REPRODUCE: claims.of_reproduce,
}
BEGIN, END = "<!-- made by index.py -->", "<!-- /made by index.py -->"


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
            self.net,
            self.data,
            f"{each} %",
            spread,
            self.goal,
            self.seeds,
            self.hardware,
            self.time,
            f"`{self.command}`",
            self.log,
        ]


HEADINGS = "net, data, test error, mean and spread, goal, seeds, hardware, time, command, log"


def rows() -> list[Row]:
    tiny, sec, mini = "tiny-digits/seed", "cifar-80sec/seed", "imagenette/seed"
    crops = logged("imagenette/evaluate.txt", r"^runs/alexnet-mini\S+ +([\d.]+) %")
    return [
        Row(
            "`tiny`, numba", "digits", errors(tiny, 0, 1, 2), "", "0, 1, 2", "D",
            f"{seconds(tiny, 0, 1, 2)} (shared machine)", "tinyalex train --seed N",
            "[tiny-digits](tiny-digits)",
        ),
        Row(
            "ensemble of three `tiny`", "digits", logged("tiny-digits/ensemble.txt"), "", "0, 1, 2",
            "D", "", "tinyalex evaluate RUN RUN RUN", "[tiny-digits](tiny-digits/ensemble.txt)",
        ),
        Row(
            "`cifar-18pct`, numpy", "CIFAR-10", errors("cifar-18pct/seed", 0), "18 %", "0",
            "A, 1 thread", "1 h 58 min (shared machine)",
            "tinyalex train --data cifar10 --model cifar-18pct --batch-size 32 --epochs 40 "
            "--seed 0 --threads 1", "[cifar-18pct](cifar-18pct)",
        ),
        Row(
            "`cifar-80sec`, numba", "CIFAR-10", errors(sec, 0, 1, 2), "26 %", "0, 1, 2", "B",
            seconds(sec, 0, 1, 2), "tinyalex train --data cifar10 --model cifar-80sec --seed N",
            "[cifar-80sec](cifar-80sec)",
        ),
        Row(
            "ensemble of three `cifar-80sec`", "CIFAR-10", logged("cifar-80sec/ensemble.txt"), "",
            "0, 1, 2", "B", "", "tinyalex evaluate RUN RUN RUN",
            "[cifar-80sec](cifar-80sec/ensemble.txt)",
        ),
        Row(
            "`cifar-80sec`, ten crops", "CIFAR-10", ten_crops(sec, 0, 1, 2), "", "0, 1, 2", "B",
            "", "tinyalex evaluate RUN --crops 10", "[cifar-80sec](cifar-80sec)",
        ),
        Row(
            "`cifar-80sec`, numpy", "CIFAR-10", errors("cifar-80sec/numpy-seed", 0, 1, 2), "26 %",
            "0, 1, 2", "A, 1 thread", "34, 42 and 30 min (shared machine)",
            "tinyalex train --data cifar10 --model cifar-80sec --seed N --threads 1",
            "[cifar-80sec](cifar-80sec/numpy-seed0)",
        ),
        Row(
            "`alexnet-mini`, numba", "Imagenette, 4,000 + 1,000 images", errors(mini, 0, 1, 2),
            "below 40 %", "0, 1, 2", "B", f"{seconds(mini, 0, 1, 2)} (shared machine)",
            "tinyalex train --data imagenette-128 --model alexnet-mini --seed N",
            "[imagenette](imagenette)",
        ),
        Row(
            "`alexnet-mini`, ten crops", "Imagenette", crops[-3:], "", "0, 1, 2", "B", "",
            "tinyalex evaluate RUN --crops 10", "[imagenette](imagenette/evaluate.txt)",
        ),
        Row(
            "ensemble of three `alexnet-mini`", "Imagenette",
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
        result = read(str(path.relative_to(HERE)))
        place = path.parent.relative_to(HERE).as_posix()
        found.append(
            [
                f"[{result['experiment']}]({place}/result.md)",
                result["question"],
                result["claim"],
                result["answer"],
            ]
        )
    return found


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
    return re.compile(r"([-+]?[\d.,]+)".join(map(re.escape, re.split(r"\{[^}]*\}", text))))


def with_claims(path: Path, text: str) -> str:
    """That page with today's figures; every claim must be there exactly once."""
    for claim, figures in CLAIMS[path]():
        pattern = pattern_of(claim)
        if (count := len(pattern.findall(text))) != 1:
            raise SystemExit(f"{path.relative_to(ROOT)}: {count} times, not once: {claim}")
        text = pattern.sub(lambda _, c=claim, f=figures: c.format(*f), text)
    return text


def uncovered(path: Path, text: str) -> list[str]:
    """Figures in that page's prose and tables that no claim makes."""
    for claim, _ in CLAIMS[path]():
        text = pattern_of(claim).sub("", text)
    for known in claims.NOT_OURS:
        text = re.sub(known, "", text)
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [f"{m.group()} in: {_line(text, m.start())}" for m in MEASURED.finditer(text)]


def _line(text: str, at: int) -> str:
    return text[text.rfind("\n", 0, at) + 1 : text.find("\n", at)].strip()


def made() -> dict[Path, str]:
    """The pages as they should be."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN + "\n")
    page = f"{before}{BEGIN}\n{table()}{END}\n{rest.split(END + chr(10))[1]}"
    return {PAGE: page} | {p: with_claims(p, p.read_text(encoding="utf-8")) for p in CLAIMS}


def main(write: bool = False) -> list[str]:
    """Say what is wrong; with ``write``, put right what can be."""
    wrong = []
    for path, text in made().items():
        name = path.relative_to(ROOT).as_posix()
        if path.read_text(encoding="utf-8") != text:
            wrong.append(f"{name}: its figures are not those of the files")
            if write:
                path.write_text(text, encoding="utf-8")
        if path in CLAIMS:
            found = uncovered(path, path.read_text(encoding="utf-8"))
            wrong += [f"{name}: from no file of docs/results: {what}" for what in found]
    return wrong


if __name__ == "__main__":
    if "--check" in sys.argv:
        said = main()
    else:
        main(write=True)
        said = main()
    print("\n".join(said) or "the pages agree with the files")
    sys.exit(bool(said))
