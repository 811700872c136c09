"""Film the sample project: ``python installer/make_sample.py [FOLDER] [--only take|board]``.

Writes, into resources/sample by default, the videos of four cameras, a board clip of the same
cameras, the rig, the truth, and a README. The same code writes the same pictures. With ``--only``
the other clip stays as it is.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import av
import numpy as np

from studio.core.types import CameraRig
from studio.media.formats.rigs import write_rig
from studio.synth.actor import Actor
from studio.synth.board import board_scene
from studio.synth.figure import make_figure
from studio.synth.film import Camerawork, Crew, sample_sensors
from studio.synth.rig import sample_rig
from studio.synth.room import studio_light, studio_room
from studio.synth.sample import FRAMES, PERSON, RATE_HZ, WORN, sample_score
from studio.synth.take import perform
from studio.synth.truth import Truth
from studio.synth.waving import BOARD, BOARD_FRAMES, BOARD_RATE_HZ, LAID_S, board_world

ROOT = Path(__file__).resolve().parents[1]

README = """# The sample take

Four cameras, {frames} frames at {rate:g} frames a second, 960 x 720: somebody stands, looks around,
raises the arms, waves, reaches, squats and steps. Made by `installer/make_sample.py` with the
project's own renderer; nobody was filmed. To the extent possible under law, the rendered videos
and the truth are dedicated to the public domain (CC0 1.0).

| file | what it is |
|---|---|
| `cam1.mp4` ... `cam4.mp4` | the take |
| `board1.mp4` ... `board4.mp4` | a ChArUco board that is waved before the same cameras, \
{board_frames} frames at {board_rate:g} Hz; from {laid:.1f} s on it lies on the floor |
| `board.json` | the board: squares, sizes in metres, dictionary |
| `rig.toml` | the cameras, exactly as rendered (metres, Z up) |
| `truth.npz` | bones, keypoints, face and shape of every frame; where the board is |

`truth.npz`: `times_s`; `bone_names`, `bones_world` (bone-to-world matrices); `body_names`, `body_m`
(surface points as in COCO, feet and head top); `left_hand_m`, `right_hand_m` (21 each); `face_m`
(68, iBUG order); `shape_names`, `shape`; `action_names`, `actions` (ARKit weights);
`board_times_s`, `board_world` (board-to-world matrices: x along the rows, y down, metres).

The cameras are calibrated from the board, and the floor is found where it was laid, by

    doppel calibrate board?.mp4 --board {spec} \\
        --world board --floor-at-s {rest:g} --out my_rig.toml
"""


class Video:
    """An H.264 file that is written frame by frame."""

    def __init__(self, path: Path, size_px: tuple[int, int], rate_hz: float, crf: int) -> None:
        self._file = av.open(str(path), "w")
        self._stream = self._file.add_stream("libx264", rate=round(rate_hz))
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(crf), "preset": "medium", "threads": "1"}

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()

    def write(self, rgb: np.ndarray) -> None:
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")):
            self._file.mux(packet)


def film_take(folder: Path, rig: CameraRig, frames: int, crf: int) -> Truth:
    """Render the take; returns what was true."""
    actor = Actor(make_figure(**PERSON), WORN)
    poses = perform(actor.figure, sample_score(), np.arange(frames) / RATE_HZ)
    truth = Truth(actor.figure, poses)
    with ExitStack() as stack:
        camerawork = stack.enter_context(
            Camerawork(Crew(rig, sample_sensors()), studio_room(), studio_light())
        )
        videos = _videos(stack, folder, "cam", rig, RATE_HZ, crf)
        for frame in range(frames):
            posed = actor.at(poses, frame)
            truth.add(posed.vertices_m, posed.bones_world)
            shots = camerawork.shoot(posed.drawables, frame)
            for video, rgb in zip(videos, shots, strict=True):
                video.write(rgb)
            _progress("take", frame + 1, frames)
    return truth


def film_board(folder: Path, rig: CameraRig, frames: int, crf: int) -> dict[str, np.ndarray]:
    """Render the board clip; returns where the board was."""
    times = np.arange(frames) / BOARD_RATE_HZ
    where = board_world(times)
    with ExitStack() as stack:
        camerawork = stack.enter_context(
            Camerawork(Crew(rig, sample_sensors()), studio_room(), studio_light())
        )
        videos = _videos(stack, folder, "board", rig, BOARD_RATE_HZ, crf)
        for frame in range(frames):
            shots = camerawork.shoot(board_scene(BOARD, where[frame]), 1000 + frame)
            for video, rgb in zip(videos, shots, strict=True):
                video.write(rgb)
            _progress("board", frame + 1, frames)
    return {"board_times_s": times, "board_world": where}


def _videos(
    stack: ExitStack, folder: Path, stem: str, rig: CameraRig, rate_hz: float, crf: int
) -> list[Video]:
    return [
        stack.enter_context(Video(folder / f"{stem}{k}.mp4", camera.size_px, rate_hz, crf))
        for k, camera in enumerate(rig.cameras, start=1)
    ]


def _progress(what: str, done: int, frames: int) -> None:
    if done % 10 == 0 or done == frames:
        print(f"{what}: {done} of {frames} frames", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "resources" / "sample")
    parser.add_argument("--only", choices=("take", "board"))
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--board-frames", type=int, default=BOARD_FRAMES)
    parser.add_argument("--crf", type=int, default=18)
    parser.add_argument("--board-crf", type=int, default=21)
    given = parser.parse_args()
    folder: Path = given.folder
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    rig = sample_rig()
    write_rig(folder / "rig.toml", rig, "pose2sim")
    (folder / "board.json").write_text(BOARD.to_json(), "utf-8")
    truth = folder / "truth.npz"
    arrays: dict[str, Any] = {}
    if given.only:
        with np.load(truth, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    if given.only != "board":
        arrays |= film_take(folder, rig, given.frames, given.crf).arrays()
    if given.only != "take":
        arrays |= film_board(folder, rig, given.board_frames, given.board_crf)
    np.savez_compressed(truth, **arrays)
    text = README.format(
        frames=FRAMES, rate=RATE_HZ, board_frames=BOARD_FRAMES, board_rate=BOARD_RATE_HZ,
        laid=LAID_S, rest=round(LAID_S + 0.5, 1), spec=BOARD.board().spec,
    )  # fmt: skip
    (folder / "README.md").write_text(text, "utf-8")
    total = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{total / 1e6:.1f} MB in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
