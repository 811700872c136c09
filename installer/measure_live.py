"""Measure how late a skeleton is that follows somebody before a camera of 640 x 480 pixels.

``python installer/measure_live.py [FILM] [--seconds S]`` prints the processor time of each stage
(the stages one after another, so that nothing else counts), then the same film as a camera, by the
clock: from picture to skeleton without a window, and in the window from picture to screen.
Clock times say something on a quiet machine only.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from make_pictures import ROOT, Crew, on_a_screen

SIZE_PX = (640, 480)
FRAMES = 150
WARM = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, nargs="?", default=ROOT / "resources/sample/cam1.mp4")
    parser.add_argument("--seconds", type=float, default=20.0, help="of following")
    arguments = parser.parse_args()
    on_a_screen()
    with tempfile.TemporaryDirectory(prefix="doppel-live") as private:
        os.environ["DOPPEL_CONFIG_DIR"] = private
        small = Path(private) / "camera.mp4"
        shrink(arguments.film, small)
        for name, parts in (("body, hands, face", {}), ("body", {"hands": False, "face": False})):
            stages(small, name, parts)
        without_window(small, arguments.seconds)
        in_window(small, arguments.seconds)


def shrink(film: Path, to: Path) -> None:
    """The film as a webcam would give it."""
    from studio.media.video import open_clip
    from studio.media.writer import VideoWriter

    with open_clip(film) as clip, VideoWriter(to, SIZE_PX, 30.0) as writer:
        for number, frame in clip.run():
            writer.write(cv2.resize(frame.rgb, SIZE_PX, interpolation=cv2.INTER_AREA))
            if number == FRAMES:
                break


def spent(call: Callable[[], Any], into: list[float]) -> Any:
    """What a call gives, and the processor time of the whole program meanwhile."""
    began = time.process_time()
    given = call()
    into.append(1e3 * (time.process_time() - began))
    return given


def stages(film: Path, name: str, parts: dict[str, bool]) -> None:
    """Processor milliseconds of each stage, one after another."""
    from studio.live.moment import Moment
    from studio.live.outlets.messages import packets, pose_line
    from studio.live.solving import LiftSolver
    from studio.media.video import open_clip
    from studio.perception.whole_body import Options
    from studio.weights.detectors import whole_body

    costs: dict[str, list[float]] = {s: [] for s in ("grab", "find", "lift", "osc", "json")}
    solver = LiftSolver()
    with open_clip(film) as clip, whole_body(Options("fast", **parts)) as detector:
        frames = clip.run()
        for _ in range(min(clip.frames, FRAMES)):
            number, frame = spent(lambda: next(frames), costs["grab"])
            found = spent(lambda f=frame: detector.detect(f.rgb, f.time_s), costs["find"])
            people = tuple(one.keypoints("cam", frame.time_s) for one in found)
            seen = {"cam": frame}
            skeletons = spent(
                lambda p=people, s=seen, t=frame.time_s: solver.solve(t, p, s), costs["lift"]
            )
            moment = Moment(number, seen, people, skeletons, 0.0, 0.0)
            spent(lambda m=moment: packets(m), costs["osc"])
            spent(lambda m=moment: pose_line(m), costs["json"])
    told = ", ".join(f"{stage} {np.mean(ms[WARM:]):.1f}" for stage, ms in costs.items())
    print(f"{name}: processor ms a picture: {told}", flush=True)


def without_window(film: Path, seconds: float) -> None:
    """As a camera, by the clock, and processor time of everything together."""
    from studio.jobs import Context, run
    from studio.live.moment import Moment
    from studio.live.opening import opened
    from studio.live.solving import LiftSolver
    from studio.live.tracking import follow
    from studio.perception.whole_body import Options
    from studio.weights.detectors import whole_body

    context, waits, began = Context(), list[float](), list[float]()

    def each(moment: Moment) -> None:
        waits.append(moment.latency_ms)
        began.append(time.process_time())

    with opened([str(film)], context, loop=True) as cameras:
        result = run(
            follow(
                cameras, lambda: whole_body(Options("fast")), context,
                make_solver=LiftSolver, seconds=seconds,
            ),
            each,
        )  # fmt: skip
    whole = 1e3 * (began[-1] - began[WARM]) / max(len(began) - 1 - WARM, 1)
    print(
        f"as a camera: {result.count / result.seconds:.1f} skeletons/s, "
        f"{median(waits[WARM:]):.0f} ms from picture to skeleton by the clock, "
        f"{whole:.0f} ms of processor a skeleton in all; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def in_window(film: Path, seconds: float) -> None:
    """From picture to screen, by the clock; processor time of the main thread."""
    from studio.core.settings import SettingsFile
    from studio.live.moment import Moment

    SettingsFile().change(tour_done=True)
    crew = Crew(Path(), 900)
    crew.studio.projects.new()
    panel = crew.open("follow")
    panel.cameras.add_places([str(film)])
    crew.wait(panel.run_button.isEnabled, 60)
    panel.run_button.click()
    crew.wait(lambda: panel.hud.rows["Rate"].text() != "–", 300)
    canvas: Any = crew.studio.cameras.canvas
    drawn: list[float] = []
    newest: list[Moment] = []

    def on_live(_: str, value: object) -> None:
        if isinstance(value, Moment):
            newest.append(value)

    def on_draw(_: object) -> None:
        if newest:
            drawn.append(1e3 * (time.monotonic() - newest[-1].taken_s))
            newest.clear()

    crew.studio.live.connect(on_live)
    canvas._canvas.events.draw.connect(on_draw)
    began, main = time.monotonic(), time.thread_time()
    crew.rest(seconds)
    main, went = time.thread_time() - main, time.monotonic() - began
    panel.stop_button.click()
    crew.wait(lambda: crew.studio.running("follow") is None, 60)
    print(
        f"in the window: {len(drawn) / went:.1f} drawn/s, {median(drawn):.0f} ms from picture to "
        f"screen by the clock, {1e3 * main / max(len(drawn), 1):.0f} ms of processor of the main "
        f"thread a picture; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    crew.window.close()


if __name__ == "__main__":
    main()
