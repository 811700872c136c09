"""Training on a machine that has little: a bare checkout, torch, numpy and safetensors.

``python -m studio.training.kit NAME --out FOLDER --minutes N [--option data=PACKS]`` trains one
slice of at most N minutes and ends with a checkpoint in the folder; called again, it goes on from
there. ``--steps`` is the length of the whole run, over all slices. Samples come from packs
(``doppel train NAME --prepare N --data PACKS``), which travel as plain arrays.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from studio.core.errors import StudioError
from studio.training.loop import Outcome, Progress, train
from studio.training.plan import Plan
from studio.training.tasks import find_task

_TELL_S = 10.0


class _Slice:
    """Asks to finish when the time of the slice is over."""

    paused = False

    def __init__(self, minutes: float) -> None:
        self._end_s = time.monotonic() + 60 * minutes

    def check(self) -> None: ...

    def report(self, fraction: float | None, text: str = "") -> None: ...

    @property
    def finishing(self) -> bool:
        return time.monotonic() >= self._end_s


def run_slice(
    name: str, folder: Path, plan: Plan, minutes: float, device: str, options: dict[str, str]
) -> Outcome:
    """One slice of a run, told on standard error; it resumes what the folder holds."""
    control, told_s = _Slice(minutes), 0.0
    run = train(find_task(name, **options), plan, folder, control, resume=True, device=device)
    while True:
        try:
            progress = next(run)
        except StopIteration as stop:
            return stop.value
        if progress.figures or time.monotonic() - told_s > _TELL_S:
            told_s = time.monotonic()
            print(_line(progress), file=sys.stderr, flush=True)


def _line(progress: Progress) -> str:
    values = {**progress.losses, **progress.figures}
    told = "  ".join(f"{name} {value:.4f}" for name, value in values.items())
    return f"step {progress.step}  {progress.samples_per_s:.0f}/s  {told}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train a slice; prints one JSON object that says how it ended."""
    parser = argparse.ArgumentParser(prog="studio.training.kit", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=9.0, help="length of this slice")
    parser.add_argument("--steps", type=int, required=True, help="length of the whole run")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--option", action="append", default=[], help="of the task: key=value")
    given = parser.parse_args(arguments)
    try:
        plan = Plan(
            steps=given.steps, batch=given.batch, learning_rate=given.learning_rate,
            precision=given.precision, workers=given.workers, seed=given.seed,
        )  # fmt: skip
        options = dict(pair.split("=", 1) for pair in given.option)
        outcome = run_slice(given.name, given.out, plan, given.minutes, given.device, options)
    except StudioError as error:
        print(f"{error}", file=sys.stderr)
        return 1
    told = {"step": outcome.step, "spent_s": round(outcome.spent_s, 1), "why": outcome.why,
            "score": outcome.score, "figures": dict(outcome.figures)}  # fmt: skip
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
