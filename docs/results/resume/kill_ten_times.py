"""Kill a training run with SIGKILL ten times, resume it each time, and compare the final weights.

    python docs/results/resume/kill_ten_times.py [--seed 0]

The run is `tinyalex train --epochs 20` with a checkpoint at least every half second. It is run once
undisturbed; then again, killed after a random time, resumed, killed, ... ten times, and resumed to
its end. The weights, momentum and everything else in the last checkpoint must have the same bytes.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from safetensors import safe_open

TRAIN = [sys.executable, "-m", "tinyalex", "train", "--quiet"]
# Times differ from run to run; all else must not.
CLOCKS = ("seconds", "train_seconds", "wall_seconds", "last_epoch", "metrics_bytes")


def contents(run: Path) -> tuple[dict[str, bytes], dict[str, object]]:
    """Every tensor's bytes, and the state without the clocks."""
    with safe_open(run / "checkpoint.safetensors", framework="numpy") as file:
        tensors = {name: file.get_tensor(name).tobytes() for name in sorted(file.keys())}
        state = json.loads(file.metadata()["state"])
    return tensors, {key: value for key, value in state.items() if key not in CLOCKS}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    random.seed(parser.parse_args().seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        settings = ["--epochs", "20", "--checkpoint-every", "0.5"]
        began = time.perf_counter()
        subprocess.run([*TRAIN, *settings, "--out", str(whole)], check=True)
        seconds = time.perf_counter() - began
        print(f"undisturbed: {seconds:.1f} s", flush=True)

        command = [*TRAIN, *settings, "--out", str(killed)]
        for kill in range(1, 11):
            process = subprocess.Popen(command)
            start_up = 1.5  # imports and data
            time.sleep(start_up + random.uniform(0, 0.12 * seconds))
            finished = process.poll() is not None
            process.send_signal(signal.SIGKILL)
            process.wait()
            if finished:
                raise SystemExit(f"the run ended before kill {kill}")
            echo = killed / "checkpoint.json"
            state = json.loads(echo.read_text()) if echo.exists() else {"epoch": 0, "step": 0}
            print(f"kill {kill:2d}: resumes from epoch {state['epoch']}, step {state['step']}")
            has_begun = (killed / "config.json").exists()
            command = [*TRAIN, "--resume", str(killed)] if has_begun else command
        subprocess.run(command, check=True)

        (tensors, state), (tensors2, state2) = contents(whole), contents(killed)
        assert tensors.keys() == tensors2.keys()
        different = [name for name in tensors if tensors[name] != tensors2[name]]
        print(f"{len(tensors)} tensors, {sum(map(len, tensors.values()))} bytes: ", end="")
        print("all the same" if not different else f"different: {different}")
        print("state:", "the same" if state == state2 else f"{state} != {state2}")
        raise SystemExit(bool(different) or state != state2)


if __name__ == "__main__":
    main()
