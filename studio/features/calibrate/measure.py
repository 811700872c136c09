"""Calibration measured against what is known: published rigs, bad boards, the sample's truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.core.calibration import Solution, Target, View
from studio.core.types import Camera, CameraRig
from studio.media.formats.rigs import read_rig
from studio.media.video import open_clip
from studio.perception.boards import parse_board
from studio.perception.boards.charuco import CharucoBoard
from studio.vision.calibration.bundle import adjust, rig_freedom
from studio.vision.calibration.first_rig import first_rig
from studio.vision.calibration.intrinsics import LensFit, fit_lens
from studio.vision.calibration.observations import observe
from studio.vision.calibration.own_lenses import own_lenses
from studio.vision.calibration.solve import Refine, solve
from studio.vision.calibration.state import off_px
from studio.vision.rotations import angle_deg

PUBLISHED = {"4_cam_recording": 0.673, "post_optimization": 1.608}


@dataclass(frozen=True)
class Measured:
    """A number with its unit and the goal for it; ``met`` is None where there is none."""

    what: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def at_most(what: str, value: float, most: float, unit: str, note: str = "") -> Measured:
    """A number that is to be small."""
    return Measured(what, value, unit, f"<= {most:g} {unit}".strip(), value <= most, note)


def _photos(paths: Sequence[Path]) -> list[tuple[int, np.ndarray]]:
    """Photos in grey, by the number in their names."""
    return [
        (int("".join(c for c in path.stem if c.isdigit())[-2:]), _grey(path))
        for path in sorted(paths)
    ]


def _grey(path: Path) -> np.ndarray:
    coded = np.frombuffer(path.read_bytes(), np.uint8)
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))


def classic_corners(paths: Sequence[Path], size: tuple[int, int], camera: str) -> list[View]:
    """Views by OpenCV's first chessboard detector, whose figures are published."""
    views: list[View] = []
    for number, picture in _photos(paths):
        found, corners = cv2.findChessboardCorners(picture, size)
        if found:
            stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 30, 0.01)
            fine = cv2.cornerSubPix(picture, corners, (11, 11), (-1, -1), stop)
            ids = np.arange(size[0] * size[1])
            views.append(View(camera, number, ids, fine.reshape(-1, 2).astype(np.float64), number))
    return views


def chessboard(columns: int, rows: int, side_m: float) -> Target:
    """Inner corners, row by row."""
    points = np.zeros((columns * rows, 3))
    points[:, :2] = np.mgrid[:columns, :rows].T.reshape(-1, 2) * side_m
    return Target(f"{columns}x{rows} corners", points)


def stereo(folder: Path) -> list[Measured]:
    """Thirteen pairs of photos; the board's squares count as one metre."""
    target = chessboard(9, 6, 1.0)
    sizes = {"left": (640, 480), "right": (640, 480)}
    views = {
        side: classic_corners(list(folder.glob(f"{side}[0-9]*.jpg")), (9, 6), side)
        for side in sizes
    }
    every = [view for side in views.values() for view in side]
    rows: list[Measured] = []
    fits: dict[str, LensFit] = {}
    for side, most in (("left", 0.409), ("right", 0.459)):
        o = observe(target, views[side], (side,))
        fits[side] = fit_lens(o, sizes[side], "pinhole", 5, robust=False)
        rows.append(
            at_most(f"{side}, all views, least squares: rms", fits[side].rms_px, most, "px")
        )
    given = {side: fit.state.camera(0, side, sizes[side]) for side, fit in fits.items()}
    pair = _pair(target, every, sizes, given)
    rows.append(at_most("pair, all views, least squares: rms", pair, 0.448, "px"))
    found = solve(target, every, sizes)
    named = [f"{d.camera or 'both'} {d.moment:02d}" for d in found.dropped]
    rows.append(
        Measured("pair, bad views out: rms", found.rmse_px, "px", "left02 named",
                 "left 02" in named, f"left out: {', '.join(named)}")
    )  # fmt: skip
    rows.append(Measured("pair: held out", found.held_out.px, "px", note="13 moments"))
    return rows


def _pair(
    target: Target,
    views: Sequence[View],
    sizes_px: dict[str, tuple[int, int]],
    given: dict[str, Camera],
) -> float:
    lenses = own_lenses(target, views, sizes_px, given, "auto")
    work, _ = first_rig(target, views, sizes_px, lenses)
    s = adjust(work.o, work.s, rig_freedom(2), steps=100)
    return float(np.sqrt(np.square(off_px(work.o, s)).sum() / work.o.seen.sum()))


Find = Callable[[np.ndarray], "tuple[np.ndarray, np.ndarray] | None"]


def clip_views(folder: Path, find: Find, cameras: Sequence[str]) -> list[View]:
    """Views in clips cam_0.mp4 ... whose frames were taken together."""
    views: list[View] = []
    for name in cameras:
        clip = cv2.VideoCapture(str(folder / f"cam_{name}.mp4"))
        for number, picture in _frames(clip):
            if (found := find(picture)) is not None:
                views.append(View(name, number, *found, number))
        clip.release()
    return views


def our_corners(board: str) -> Find:
    """The studio's own detector: numbers and pixels of a board's points."""
    kind = parse_board(board)

    def find(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        found = kind.find(picture)
        return None if found is None else (found.points, found.xy_px)

    return find


def opencv_corners() -> Find:
    """OpenCV's detector as it comes, on the inverted picture and on its mirror image."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_1000)
    detector = cv2.aruco.CharucoDetector(cv2.aruco.CharucoBoard((4, 5), 0.054, 0.0405, dictionary))

    def find(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        best: tuple[np.ndarray, np.ndarray] | None = None
        for mirrored in (False, True):
            shown = 255 - (picture[:, ::-1] if mirrored else picture)
            found: Any = detector.detectBoard(np.ascontiguousarray(shown))
            corners, ids = found[:2]
            if ids is None or len(ids) < 4 or (best is not None and len(ids) <= len(best[0])):
                continue
            xy = corners.reshape(-1, 2).astype(np.float64)
            if mirrored:
                xy[:, 0] = picture.shape[1] - 1 - xy[:, 0]
            best = ids.ravel().astype(np.intp), xy
        return best

    return find


def _frames(clip: cv2.VideoCapture) -> Iterator[tuple[int, np.ndarray]]:
    number = 0
    while True:
        read, picture = clip.read()
        if not read:
            return
        yield number, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        number += 1


def published_rigs(folder: Path) -> list[Measured]:
    """Two sessions whose rigs were published: the same lenses, then lenses freed."""
    board = "charuco:4x5:54mm:DICT_4X4_1000:inverted:two-sided=0mm"
    target = parse_board(board).target
    rows: list[Measured] = []
    for session, reach in PUBLISHED.items():
        at = folder / "sessions" / session
        found = read_rig(at / "camera_array.toml").provisional
        known = {_number(c.name): replace(c, name=_number(c.name)) for c in found.cameras}
        clips = at / "calibration" / "extrinsic"
        rows += _rig_rows(
            f"{session}, OpenCV's corners",
            target,
            clip_views(clips, opencv_corners(), list(known)),
            known,
            reach,
            "never",
        )
        views = clip_views(clips, our_corners(board), list(known))
        modes: tuple[Refine, ...] = ("never", "auto", "always")
        for refine in modes:
            lenses = "lenses given" if refine == "never" else f"lenses freed ({refine})"
            rows += _rig_rows(f"{session}, {lenses}", target, views, known, reach, refine)
    return rows


def _rig_rows(
    name: str,
    target: Target,
    views: Sequence[View],
    known: dict[str, Camera],
    most_px: float,
    refine: Refine,
) -> list[Measured]:
    sizes = {name: camera.size_px for name, camera in known.items()}
    found = solve(target, views, sizes, intrinsics=known, refine=refine)
    turned, stretched = _apart(found.rig, known)
    sigma = max(float(np.linalg.norm(s.rotation_deg)) for s in found.spread.values())
    rmse = Measured(f"{name}: rmse", found.rmse_px, "px", note=_dropped(found))
    if refine == "never":
        rmse = at_most(rmse.what, rmse.value, most_px, "px", rmse.note)
    return [
        rmse,
        Measured(f"{name}: held out", found.held_out.px, "px", note=f"{found.held_out.mm:.2f} mm"),
        at_most(f"{name}: turned from published", turned, 0.5 if refine == "never" else 1.0, "deg",
                f"own sigma {sigma:.2f} deg"),
        at_most(f"{name}: baselines off", 100 * stretched, 2, "%"),
    ]  # fmt: skip


def _number(name: str) -> str:
    return "".join(c for c in name if c.isdigit()) or name


def _dropped(solution: Solution) -> str:
    return (
        f"{len(solution.dropped)} of {len(solution.views) + len(solution.dropped)} views left out"
    )


def _apart(rig: CameraRig, known: dict[str, Camera]) -> tuple[float, float]:
    """The worst angle (deg) and share of the baseline against the first camera."""
    first = rig.cameras[0]
    turned, stretched = [], []
    for camera in rig.cameras[1:]:
        a, b = known[first.name], known[camera.name]
        ours, theirs = camera.rotation @ first.rotation.T, b.rotation @ a.rotation.T
        turned.append(float(angle_deg(ours, theirs)))
        length = np.linalg.norm(camera.centre_m - first.centre_m)
        stretched.append(abs(float(length / np.linalg.norm(b.centre_m - a.centre_m)) - 1))
    return max(turned), max(stretched)


def bad_board(folder: Path) -> list[Measured]:
    """Four cameras by themselves; one false board spoils the fourth."""
    target = chessboard(4, 7, 0.06)
    rows: list[Measured] = []
    for number in range(1, 5):
        paths = list(folder.glob(f"intrinsics/int_cam{number:02d}_img/*.jpg"))
        height, width = _grey(paths[0]).shape
        name = f"cam{number}"
        views = classic_corners(paths, (4, 7), name)
        o = observe(target, views, (name,))
        plain = fit_lens(o, (width, height), "pinhole", 5, robust=False).rms_px
        found = solve(target, views, {name: (width, height)})
        named = ", ".join(f"photo {d.moment}: {d.reason}" for d in found.dropped)
        rows.append(Measured(f"{name}, all boards, least squares: rms", plain, "px"))
        repaired = f"{name}, bad boards out: rms"
        rows.append(
            at_most(repaired, found.rmse_px, 0.3, "px", named)
            if number == 4
            else Measured(repaired, found.rmse_px, "px", note=named)
        )
    return rows


def standing_errors(solution: Solution, truth: CameraRig) -> np.ndarray:
    """Errors of all cameras but the datum in standard deviations, six a camera."""
    rig = solution.rig
    a, b = rig.cameras[0], truth[rig.cameras[0].name]
    turn = a.rotation.T @ b.rotation
    out: list[np.ndarray] = []
    for camera in rig.cameras[1:]:
        true = truth[camera.name]
        e = camera.rotation @ (true.rotation @ turn.T).T
        about = -np.array([e[2, 1] - e[1, 2], e[0, 2] - e[2, 0], e[1, 0] - e[0, 1]]) / 2
        centre = turn @ (true.centre_m - b.centre_m) + a.centre_m
        out.append(np.concatenate([about, camera.centre_m - centre]))
    return np.concatenate(out) / np.sqrt(np.diag(solution.pose_covariance)[6:])


def sample(folder: Path) -> list[Measured]:
    """The clips of a board that come with the studio, against the true rig."""
    truth = read_rig(folder / "rig.toml").rig
    filmed = json.loads((folder / "board.json").read_text("utf-8"))
    sides = filmed["square_m"], filmed["dictionary"], filmed["marker_m"]
    board = CharucoBoard(filmed["columns"], filmed["rows"], *sides)
    views: list[View] = []
    for number, camera in enumerate(truth.cameras):
        with open_clip(folder / f"board{number + 1}.mp4") as clip:
            for at, frame in clip.run():
                found = board.find(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY))
                if found is not None and len(found) >= 6:
                    views.append(found.view(camera.name, at, at))
    sizes = {camera.name: camera.size_px for camera in truth.cameras}
    rows: list[Measured] = []
    for name, lenses in (("lenses given", truth), ("lenses solved", None)):
        told = solve(board.target, views, sizes, intrinsics=lenses, refine="never")
        turned, _ = _apart(told.rig, {camera.name: camera for camera in truth.cameras})
        away = _away_mm(told.rig, truth)
        sigma = max(float(np.linalg.norm(s.centre_mm)) for s in told.spread.values())
        rows += [
            Measured(f"sample, {name}: rmse", told.rmse_px, "px",
                     note=f"held out {told.held_out.px:.3f} px, {told.held_out.mm:.2f} mm"),
            Measured(f"sample, {name}: worst camera turned from truth", turned, "deg"),
            Measured(f"sample, {name}: worst camera away from truth", away, "mm",
                     note=f"own sigma {sigma:.1f} mm, cameras 3 to 5.5 m apart"),
        ]  # fmt: skip
    return rows


def _away_mm(rig: CameraRig, truth: CameraRig) -> float:
    """How far the worst camera is from its true place, the first camera's axes laid over."""
    a, b = rig.cameras[0], truth.cameras[0]
    ours = [a.rotation @ (camera.centre_m - a.centre_m) for camera in rig.cameras]
    true = [b.rotation @ (truth[camera.name].centre_m - b.centre_m) for camera in rig.cameras]
    return 1000 * float(np.linalg.norm(np.array(ours) - true, axis=1).max())
