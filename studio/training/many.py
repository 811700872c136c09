"""A run on several devices or machines: processes of their own, followed by their log.

The run's folder holds ``job.json`` (task, options, plan). Each process is
``python -m studio.training.many FOLDER``; a file ``stop`` in the folder asks all of them to keep
their state and end, after which the run can be resumed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.core.errors import Cancelled, StudioError
from studio.core.files import write_whole
from studio.training import checkpoint
from studio.training.launch import Together, choose_device
from studio.training.loop import Control, Outcome, Progress, Unattended, train
from studio.training.plan import Plan
from studio.training.runs import keep_picture
from studio.training.tasks import find_task

JOB, STOP, ERRORS = "job.json", "stop", "errors.txt"
_LOOK_S = 0.2
_GRACE_S = 60.0


class _StopFile:
    """Asks to finish once the file is there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None: ...

    def report(self, fraction: float | None, text: str = "") -> None: ...

    paused = False

    @property
    def finishing(self) -> bool:
        return self._path.exists()


def train_together(
    name: str,
    options: dict[str, Any],
    plan: Plan,
    folder: Path,
    control: Control | None = None,
    *,
    resume: bool = False,
    device: str = "auto",
    devices: int = 2,
    nodes: int = 1,
) -> Generator[Progress, None, Outcome]:
    """Train on several devices; on several machines, call it on each of them.

    Machines find each other by MASTER_ADDR, MASTER_PORT and NODE_RANK, as Lightning Fabric reads
    them. A pause keeps the state, ends the processes, and starts them again. Raises StudioError
    if a process fails.
    """
    control = control or Unattended()
    folder.mkdir(parents=True, exist_ok=True)
    job = {"task": name, "options": options, "plan": plan.told(), "device": device,
           "devices": devices, "nodes": nodes}  # fmt: skip
    log = folder / checkpoint.LOG
    if not resume:
        log.unlink(missing_ok=True)
        (folder / checkpoint.CHECKPOINT).unlink(missing_ok=True)
    while True:
        job["resume"] = resume
        write_whole(folder / JOB, json.dumps(job).encode())
        (folder / STOP).unlink(missing_ok=True)
        state = checkpoint.load(folder) if resume else None
        told = Progress(state["step"], 0.0, state["spent_s"], {}, 0, 0) if state else None
        paused = yield from _follow(folder, plan, control, told.step if told else 0)
        if not paused:
            return _outcome(folder, control)
        control.check()
        resume = True


def _follow(
    folder: Path, plan: Plan, control: Control, from_step: int
) -> Generator[Progress, None, bool]:
    """Run the processes once and follow their log; True if they were ended by a pause."""
    command = [sys.executable, "-m", "studio.training.many", str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with (folder / ERRORS).open("w") as errors:
        leader = subprocess.Popen(
            command, stdout=errors, stderr=errors, env=environment, start_new_session=True
        )
    paused = False
    try:
        for line in _new_lines(folder, from_step, leader):
            if line is not None and "losses" in line:
                yield _progress(line, plan)
            if control.paused and not paused:
                paused = True
                (folder / STOP).touch()
            if not paused:
                control.check()
            if control.finishing:
                (folder / STOP).touch()
    except (GeneratorExit, Cancelled, KeyboardInterrupt):
        (folder / STOP).touch()
        raise
    finally:
        with suppress(subprocess.TimeoutExpired):
            leader.wait(_GRACE_S)
        if leader.poll() is None:
            leader.kill()
    if leader.returncode != 0:
        last = (folder / ERRORS).read_text("utf-8", "replace").strip().splitlines()[-1:]
        raise StudioError(
            f"A process of the training ended with {leader.returncode}: {''.join(last)}",
            f"The details are in {folder / ERRORS}; --resume goes on from the last checkpoint.",
        )
    return paused


def _new_lines(
    folder: Path, from_step: int, leader: subprocess.Popen[bytes]
) -> Iterator[dict[str, Any] | None]:
    """Lines of the log as they come, None in between, until the leading process has ended."""
    seen = from_step
    while True:
        ended = leader.poll() is not None
        for line in checkpoint.lines(folder):
            if line["step"] > seen and "losses" in line:
                seen = line["step"]
                yield line
        if ended:
            return
        yield None
        time.sleep(_LOOK_S)


def _progress(line: dict[str, Any], plan: Plan) -> Progress:
    way = plan.way(line["step"], line["spent_s"], plan.steps) if plan.steps or plan.minutes else 0.0
    return Progress(
        line["step"], way, line["spent_s"], line["losses"], line["rate"], line["samples_per_s"]
    )


def _outcome(folder: Path, control: Control) -> Outcome:
    state = checkpoint.load(folder)
    if state is None:
        raise StudioError("The processes of the training left no checkpoint.")
    why = "asked" if control.finishing else "done"
    return Outcome(state["step"], state["spent_s"], state["best"], state["figures"], why)


def main(folder: Path) -> None:
    """One process of the run that ``job.json`` describes."""
    job = json.loads((folder / JOB).read_text("utf-8"))
    plan = Plan(**job["plan"])
    launcher = Together(choose_device(job["device"]), plan.precision, job["devices"], job["nodes"])
    task = find_task(job["task"], **job["options"])
    run = train(
        task, plan, folder, _StopFile(folder / STOP), resume=job["resume"], launcher=launcher
    )
    for progress in run:
        keep_picture(folder, progress)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
