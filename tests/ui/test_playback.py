"""Playback: a project's arrays and videos reach the views, and only what is still wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from studio.core.types import (
    Armature,
    Camera,
    CameraRig,
    Character,
    Detections,
    Frame,
    Keypoints,
    Material,
    Mesh,
    Motion,
    Part,
    Posed,
    Skeleton,
)
from studio.document.data import detections_arrays, motion_arrays, motion_from
from studio.document.folder import ProjectFolder
from studio.document.moved import FootageMoved
from studio.document.project import (
    Clip,
    DetectionsItem,
    MotionItem,
    PersonMark,
    Project,
    RigItem,
    TakeItem,
)
from studio.document.trust import CameraTrust, ErrorBar, Trust
from studio.human.layouts import layout
from studio.ui.frame_feed import FrameFeed
from studio.ui.playback import Playback
from studio.ui.timeline import Timeline

COCO = layout("coco_17")


class Viewport(QObject):
    """Remembers what it was told."""

    picked = Signal(object)
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self.pictures: dict[str, Frame] = {}
        self.opacity: dict[str, float] = {}

    def show_value(self, key: str, value: object) -> None:
        self.values[key] = value

    def fade(self, key: str, opacity: float) -> None:
        self.opacity[key] = opacity

    def remove(self, key: str) -> None:
        self.values.pop(key, None)

    def show_pictures(self, frames: dict[str, Frame]) -> None:
        self.pictures.update(frames)

    def clear(self) -> None:
        self.values.clear()

    def isVisible(self) -> bool:
        return True


class Canvas:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.cameras: tuple[str, ...] = ()
        self.frames: dict[str, Frame] = {}
        self.keypoints: dict[str, Keypoints] = {}
        self.landed: dict[str, np.ndarray] = {}

    def set_cameras(self, cameras: list[str]) -> None:
        self.cameras = tuple(cameras)

    def show_frame(self, frame: Frame) -> None:
        self.frames[frame.camera] = frame

    def show_keypoints(self, *keypoints: Keypoints) -> None:
        self.keypoints.update({k.camera: k for k in keypoints})

    def show_reprojection(
        self, camera: str, xy_px: np.ndarray, people: Sequence[int] = (),
        sizes_px: Sequence[float] = (),
    ) -> None:  # fmt: skip
        self.landed[camera] = xy_px

    def clear_marks(self) -> None:
        self.keypoints.clear()

    def clear(self) -> None:
        self.cameras = ()


class Lane:
    """Work that is done when the test says so, in the order it was asked for."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.errors: list[BaseException] = []

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, work))
        return future

    def deliver(self, future: Future[Any], done: Any, lost: Any) -> None:
        def ended(f: Future[Any]) -> None:
            error = f.exception()
            done(f.result()) if error is None else lost(error, "")

        future.add_done_callback(ended)

    def run(self, limit: int = 1000) -> int:
        count = 0
        while self.waiting and count < limit:
            future, work = self.waiting.pop(0)
            count += 1
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)
        return count

    def failed(self, error: BaseException, where: str, details: str) -> None:
        self.errors.append(error)


RIG = CameraRig(
    tuple(
        Camera(
            name, (64, 48), np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]]), np.zeros(0),
            np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), np.array([x, 1.0, 4.0]),
        )
        for name, x in (("a", 0.0), ("b", 0.5))
    )
)  # fmt: skip
FRAMES = 20


def clip(folder: Path, camera: str, shade: int) -> Clip:
    """A folder of pictures whose brightness is their number."""
    place = folder / camera
    place.mkdir(parents=True)
    for number in range(FRAMES):
        value = shade + number
        cv2.imwrite(str(place / f"{number:03d}.png"), np.full((48, 64, 3), value, np.uint8))
    return Clip(camera=camera, path=camera, size_px=(64, 48), rate_hz=10.0, frames=FRAMES)


@pytest.fixture
def project(tmp_path: Path) -> tuple[Project, ProjectFolder]:
    folder = ProjectFolder(tmp_path / "p.doppel")
    rig = RigItem.of("Rig", RIG)
    take = TakeItem(
        name="Take", rig=rig.id, clips=(clip(folder.path, "a", 10), clip(folder.path, "b", 120))
    )
    times = np.arange(FRAMES) / 10
    xyz = np.zeros((FRAMES, 17, 3)) + np.arange(FRAMES)[:, None, None] / 100 + [0, 0, 1]
    ones = np.ones((FRAMES, 17))
    motion = Motion(COCO, times, xyz, ones / 100, ones, 4 * ones.astype(int), ones < 0)
    found = Detections(
        ("a", "b"), times, COCO, np.zeros((FRAMES, 2, 17, 2)) + 5.0, np.ones((FRAMES, 2, 17)) * 0.8
    )
    items = (
        rig,
        take,
        DetectionsItem(
            name="Points", take=take.id, layout="coco_17", cameras=("a", "b"),
            data=folder.assets.put_arrays(detections_arrays(found)),
        ),
        MotionItem(
            name="Motion", take=take.id, rig=rig.id, layout="coco_17",
            data=folder.assets.put_arrays(motion_arrays(motion)),
        ),
    )  # fmt: skip
    return Project(items=items), folder


class Bench:
    """A playback with views that remember."""

    def __init__(self, qtbot: Any) -> None:
        self.lane, self.viewport, self.canvas = Lane(), Viewport(), Canvas()
        self.timeline = Timeline()
        qtbot.addWidget(self.timeline)
        self.playback = Playback(
            self.viewport, self.canvas, self.timeline, None,
            self.lane.submit, self.lane.deliver, self.lane.failed,
        )  # fmt: skip


def test_people_who_were_solved_together_are_shown_together(project, bench):
    """Each under their name, while they are there; their points land in the pictures, each their
    own colour."""
    whole, folder = project
    alone = whole.newest(MotionItem)
    motion = motion_from(folder.assets.arrays(alone.data), COCO)
    later = Motion(*(getattr(motion, f.name)[5:] if f.name != "layout" else COCO
                     for f in fields(Motion)))  # fmt: skip
    pair = [
        alone.model_copy(update={
            "id": f"p{n}", "name": f"{name}, Take in 3D", "data": folder.assets.put_arrays(
                motion_arrays(track)), "person": PersonMark(group="g", number=n)})
        for n, name, track in ((1, "Ada", motion), (2, "Ben", later))
    ]  # fmt: skip
    together = whole.without([alone.id]).with_items(pair)
    bench.playback.show_project(together, folder)
    bench.lane.run()
    bench.playback.go(1.0)
    shown = bench.viewport.values
    assert (shown["motion"].name, shown["motion"].number) == ("Ada", 1)
    assert (shown["person p2"].name, shown["person p2"].number) == ("Ben", 2)
    assert bench.canvas.landed["a"].shape == (34, 2)
    bench.playback.go(0.1)
    assert "person p2" not in bench.viewport.values
    assert bench.canvas.landed["a"].shape == (17, 2)
    bench.playback.show_project(together.without(["p2"]), folder)
    bench.lane.run()
    bench.playback.go(1.0)
    assert "person p2" not in bench.viewport.values


@pytest.fixture
def bench(qtbot) -> Bench:
    return Bench(qtbot)


def test_nothing_is_read_on_the_main_thread_and_everything_arrives(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    bench.playback.show_project(*project)
    assert set(bench.viewport.values) == {"rig"}
    assert bench.lane.waiting
    bench.lane.run()
    assert set(bench.viewport.values) == {"rig", "motion"}
    assert bench.canvas.cameras == ("a", "b")
    assert set(bench.canvas.frames) == {"a", "b"} == set(bench.viewport.pictures)
    kinds = [track.kind for track in bench.timeline.tracks]
    assert kinds == ["clip", "clip", "detections", "detections", "motion"]
    np.testing.assert_allclose(bench.timeline.tracks[2].confidence, 0.8, atol=1e-6)
    assert bench.timeline.rate_hz == 10.0


def test_the_playhead_moves_everything_together(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    bench.playback.show_project(*project)
    bench.lane.run()
    bench.timeline.set_time(1.2)
    bench.lane.run()
    skeleton = bench.viewport.values["motion"]
    assert isinstance(skeleton, Skeleton)
    np.testing.assert_allclose(skeleton.xyz_m[0], [0.12, 0.12, 1.12], atol=1e-6)
    assert bench.canvas.frames["a"].rgb[0, 0, 0] == 22
    assert bench.canvas.frames["b"].rgb[0, 0, 0] == 132
    assert bench.canvas.keypoints["b"].time_s == pytest.approx(1.2)
    assert bench.canvas.landed["a"].shape == (17, 2)


def test_while_one_request_runs_only_the_newest_waits(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    bench.playback.show_project(*project)
    bench.lane.run()
    for number in range(1, 16):
        bench.timeline.set_time(number / 10)
    assert len(bench.lane.waiting) == 1
    assert bench.lane.run() == 2
    assert bench.canvas.frames["a"].rgb[0, 0, 0] == 25


def test_answers_for_another_project_are_dropped(
    bench: Bench, project: tuple[Project, ProjectFolder], tmp_path: Path
) -> None:
    bench.playback.show_project(*project)
    bench.playback.show_project(Project(), ProjectFolder(tmp_path / "other.doppel"))
    bench.lane.run()
    assert bench.viewport.values == {}
    assert bench.canvas.frames == {}
    assert bench.timeline.tracks == ()


def test_a_missing_video_is_said_once_and_the_rest_goes_on(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    whole, folder = project
    for picture in (folder.path / "a").glob("*"):
        picture.unlink()
    bench.playback.show_project(whole, folder)
    bench.lane.run()
    for number in range(5):
        bench.timeline.set_time(number / 10)
        bench.lane.run()
    assert len(bench.lane.errors) == 1
    assert "motion" in bench.viewport.values


def test_live_values_are_drawn_and_make_way_for_the_result(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    bench.playback.show_project(*project)
    bench.lane.run()
    live = Skeleton(0.4, COCO, np.full((17, 3), 9.0), np.full(17, 0.1))
    bench.playback.show_live("triangulate", live)
    assert bench.viewport.values["motion"] is live
    assert bench.timeline.time_s == 0.4
    bench.playback.keep_live({"triangulate"})
    assert bench.viewport.values["motion"] is live
    bench.playback.keep_live(())
    np.testing.assert_allclose(bench.viewport.values["motion"].xyz_m[0, 0], 0.04, atol=1e-6)
    bench.playback.show_live("pose", object())


def somebody() -> Posed:
    bones = Armature(("root",), np.array([-1]), np.eye(4)[None], np.array([[0.0, 0, 1]]))
    weights = np.tile([1.0, 0, 0, 0], (3, 1))
    part = Part("surface", Mesh(np.eye(3), np.array([[0, 1, 2]])), Material("grey"),
                np.zeros((3, 4), int), weights)  # fmt: skip
    return Posed(Character("Head", bones, (part,)), 0.0, bones.rest_world, np.zeros(0))


def test_who_is_told_only_once_is_drawn_when_they_are_prepared(bench: Bench) -> None:
    """A surface that is learned is another one every few seconds."""
    bench.playback.keep_live({"head"})
    first, second = somebody(), somebody()
    bench.playback.show_live("head", first)
    assert "avatar" not in bench.viewport.values
    bench.lane.run()
    assert bench.viewport.values["avatar"] is first
    bench.playback.show_live("head", second)
    assert bench.viewport.values["avatar"] is first
    bench.lane.run()
    assert bench.viewport.values["avatar"] is second
    bench.playback.show_live("head", somebody())
    bench.playback.keep_live(())
    bench.lane.run()
    assert bench.viewport.values.get("avatar") in (None, second), "who came too late is not shown"


def test_a_picked_joint_leaves_a_trail(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    from studio.scene.items.base import Pick

    bench.playback.show_project(*project)
    bench.lane.run()
    bench.timeline.set_time(1.0)
    bench.viewport.picked.emit(Pick("motion", "joint", "nose", 0, (0, 0, 0)))
    assert bench.viewport.values["trail"].xyz_m.shape == (11, 3)
    bench.viewport.picked.emit(None)
    assert "trail" not in bench.viewport.values


def test_after_closing_nothing_is_asked(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    bench.playback.show_project(*project)
    bench.playback.close()
    bench.playback.close()
    bench.lane.run()
    bench.timeline.set_time(1.0)
    assert not bench.lane.waiting
    assert bench.canvas.frames == {}


def test_a_feed_without_a_take_asks_for_nothing() -> None:
    lane = Lane()
    feed = FrameFeed(lane.submit, lane.deliver, print, lambda e, d: None)
    feed.ask(1.0)
    assert not lane.waiting


def test_videos_that_are_left_are_shown_without_those_that_were_moved(
    project: tuple[Project, ProjectFolder],
) -> None:
    lane, (whole, folder) = Lane(), project
    shown: dict[str, Frame] = {}
    feed = FrameFeed(lane.submit, lane.deliver, shown.update, lambda e, _: lane.errors.append(e))
    (take,) = whole.all(TakeItem)
    (folder.path / "a").rename(folder.path / "away")
    feed.set_take(take, folder.path)
    feed.ask(0.0)
    lane.run()
    assert list(shown) == ["b"]
    assert not lane.errors
    feed.close()
    lane.run()
    feed = FrameFeed(lane.submit, lane.deliver, shown.update, lambda e, _: lane.errors.append(e))
    (folder.path / "b").rename(folder.path / "away too")
    feed.set_take(take, folder.path)
    feed.ask(0.0)
    lane.run()
    assert [type(error) for error in lane.errors] == [FootageMoved]


def test_what_a_rig_is_worth_is_drawn_until_there_is_a_motion(
    bench: Bench, project: tuple[Project, ProjectFolder]
) -> None:
    whole, folder = project
    trust = Trust(
        cameras=(CameraTrust(camera="b", centre_mm=(1.0, 2.0, 3.0)),),
        bars=(
            ErrorBar(place="centre", xyz_m=(0.0, 0.0, 1.0), mm=2.5),
            ErrorBar(place="left", xyz_m=(1.0, 0.0, 1.0), mm=None),
        ),
    )
    (rig,) = whole.all(RigItem)
    known = rig.model_copy(update={"trust": trust})
    bench.playback.show_project(Project(items=(known,)), folder)
    marks = bench.viewport.values["trust"]
    np.testing.assert_allclose(np.diag(marks.cameras_m2[1]), [1e-6, 4e-6, 9e-6])
    assert np.isnan(marks.cameras_m2[0]).any()
    assert marks.texts == ("2.5 mm", "unseen")
    bench.playback.show_project(whole.with_items([known]), folder)
    assert "trust" not in bench.viewport.values
    bench.playback.show_project(Project(items=(rig,)), folder)
    assert "trust" not in bench.viewport.values
