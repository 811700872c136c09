"""Measure how fast the person panel answers while its sliders are dragged, in the real window.

``python installer/measure_drag.py [--seconds S]`` designs somebody, drags one slider of each kind
to and fro, and puts garments on. It prints the processor time of one shape on the worker, on the
main thread, and of drawing apart from that (without a graphics card it is software's), and the
share of shapes that was drawn; and how many shapes a second were drawn by the clock while a hand
moved 60 times a second, which says something on a quiet machine only.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from make_pictures import Crew, on_a_screen

MOVES_HZ = 60
STEPS = 40
GARMENTS = ("jumper", "wide_trousers", "boots", "knit_dress", "hat_beanie", "bob")


@dataclass
class Clock:
    """Processor seconds of drawing, and how many pictures that made."""

    drawing_s: float = 0.0
    drawn: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of dragging, a slider")
    arguments = parser.parse_args()
    os.environ.setdefault("LP_NUM_THREADS", "0")  # software GL draws on the thread that asks
    on_a_screen()
    with tempfile.TemporaryDirectory(prefix="doppel-drag") as private:
        os.environ["DOPPEL_CONFIG_DIR"] = private
        measure(arguments.seconds)


def measure(seconds: float) -> None:
    """Print the table."""
    import torch

    from studio.core.settings import SettingsFile
    from studio.synth import thumbnails

    thumbnails.draw = lambda wanted: iter(())  # what is measured draws no galleries meanwhile
    torch.set_num_threads(1)
    SettingsFile().change(tour_done=True)
    crew = Crew(Path(), 900)
    clock = Clock()
    panel = opened(crew, clock)
    print(
        f"{'ms of processor a shape':32} {'worker':>8} {'main':>8} {'drawing':>8} {'drawn':>8}"
        f" {'shapes/s':>10}"
    )
    for name, slider in sliders(panel).items():
        costs = stepped(crew, clock, slider)
        panel_still(crew, panel)
        rate = dragged(crew, clock, slider, seconds)
        panel_still(crew, panel)
        told = " ".join(f"{1e3 * cost:8.1f}" for cost in costs[:3])
        print(f"{name:32} {told} {costs[3]:8.0%} {rate:10.1f}", flush=True)
    for name in GARMENTS:
        began, used = time.monotonic(), time.process_time() - clock.drawing_s
        next(g for g in panel.wear.galleries.values() if name in g.thumbs).thumbs[name].click()
        panel_still(crew, panel)
        spent = time.process_time() - clock.drawing_s - used
        print(f"put on: {name:16} {spent:8.2f} s of processor, {time.monotonic() - began:.2f} s")
    crew.window.close()


def opened(crew: Crew, clock: Clock) -> Any:
    """The panel with somebody dressed to design, and every drawing timed."""
    crew.studio.projects.new()
    panel = crew.open("person")
    panel.run_button.click()
    crew.wait(lambda: panel.design is not None, 300)
    for title in ("Measurements", "Body parts", "Face", "Pose and expression", "Wardrobe"):
        panel.folds[title].open()
    crew.rest(5.0)
    panel_still(crew, panel)
    scene: Any = crew.window.stage.views["viewport"].scene
    drawn: Callable[..., None] = scene.render

    def render(**how: Any) -> None:
        began = time.thread_time()
        drawn(**how)
        clock.drawing_s += time.thread_time() - began
        clock.drawn += 1

    scene.render = render
    return panel


def panel_still(crew: Crew, panel: Any) -> None:
    crew.wait(lambda: panel.preview.idle, 900)
    crew.rest(0.3)


def sliders(panel: Any) -> dict[str, Any]:
    """One slider of each kind."""
    from studio.ui.person.slider import PersonSlider

    found = {slider.title: slider for slider in panel.findChildren(PersonSlider)}
    kinds = {
        "build": "Weight", "measurement, girth": "Waist girth",
        "measurement, length": "Body height",
        "body part": "Stomach tone", "face": "Eye size", "expression": "Smile",
    }  # fmt: skip
    return {f"{kind}: {title}": found[title] for kind, title in kinds.items()}


def dragged(crew: Crew, clock: Clock, slider: Any, seconds: float) -> float:
    """Shapes a second by the clock, while a hand moves on whatever is shown."""
    bar = slider.slider
    bar.setSliderDown(True)
    middle, reach = bar.value(), 0.12 * bar.maximum()
    clock.drawn, began = 0, time.monotonic()
    while (now := time.monotonic() - began) < seconds:
        bar.setSliderPosition(round(middle + reach * np.sin(2 * now)))
        end = time.monotonic() + 1 / MOVES_HZ
        while (left := end - time.monotonic()) > 0:
            crew.app.processEvents()
            time.sleep(min(left, 0.002))
    drawn = clock.drawn
    bar.setSliderDown(False)
    return drawn / seconds


def stepped(crew: Crew, clock: Clock, slider: Any) -> tuple[float, float, float, float]:
    """Processor seconds that a shape costs worker, main thread and drawing, and the share that was
    drawn: the hand waits for each, so that the load of the machine does not matter."""
    from PySide6.QtCore import QEventLoop

    bar, loop = slider.slider, QEventLoop()
    connection = crew.studio.live.connect(lambda *_: loop.quit())
    bar.setSliderDown(True)
    first = min(bar.value(), bar.maximum() - STEPS)  # where there is room to the right
    everything, here, drawing = time.process_time(), time.thread_time(), clock.drawing_s
    clock.drawn = 0
    for step in range(STEPS):
        out = step + 1 if step < STEPS // 2 else STEPS - step - 1  # there, and back again
        bar.setSliderPosition(first + 2 * out)
        loop.exec()
    everything, here = time.process_time() - everything, time.thread_time() - here
    drawing, drawn = clock.drawing_s - drawing, clock.drawn
    bar.setSliderDown(False)
    crew.studio.live.disconnect(connection)
    parts = everything - here, here - drawing, drawing, drawn
    return parts[0] / STEPS, parts[1] / STEPS, parts[2] / STEPS, parts[3] / STEPS


if __name__ == "__main__":
    sys.exit(main())
