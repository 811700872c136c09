"""Pictures of a finished take: what the cameras saw with the person laid over it, and the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from studio.core.types import Character, Frame, Motion, Posed
from studio.document.data import motion_of
from studio.document.project import AvatarItem, MotionItem, Project, RigItem, TakeItem
from studio.journeys.bench import Bench
from studio.media.video import open_clip
from studio.scene.scene import Scene
from studio.synth.stored import avatar_of

WIDE, TALL = 640, 480
MOMENTS = (0.12, 0.4, 0.65, 0.88)


@dataclass(frozen=True, eq=False)
class Pictured:
    """A picture and what it shows."""

    rgb: UInt8[np.ndarray, "height width 3"]
    caption: str


@dataclass(frozen=True, eq=False)
class _Loaded:
    rig: RigItem | None
    motion: Motion | None
    avatar: Character | None
    frames: dict[str, Frame]
    time_s: float


def pictures(bench: Bench) -> list[Pictured]:
    """Pictures of whatever the project has by now, best first."""
    loaded = _load(bench, bench.project)
    scene = Scene()
    try:
        return [*_overlays(scene, loaded), *_room(scene, loaded), *_strip(scene, loaded)]
    finally:
        scene.close()


def _load(bench: Bench, project: Project) -> _Loaded:
    assets = bench.folder.assets
    motion_item, avatar_item = project.newest(MotionItem), project.newest(AvatarItem)
    motion = None
    if motion_item is not None:
        motion = motion_of(motion_item, assets)
    avatar = None
    if avatar_item is not None:
        arrays = assets.arrays(avatar_item.data)
        avatar = avatar_of(arrays, avatar_item.name, avatar_item.design, avatar_item.dressed)
    time = float(motion.times_s[int(len(motion) * MOMENTS[1])]) if motion is not None else 0.0
    frames: dict[str, Frame] = {}
    take = project.newest(TakeItem) if motion_item is None else None
    if motion_item is not None and motion_item.take:
        take = project.get(motion_item.take, TakeItem)
    for clip in take.clips if take is not None else ():
        with open_clip(bench.folder.path / clip.path, camera=clip.camera) as reader:
            frames[clip.camera] = reader.frame_at(clip.own_s(time))
    return _Loaded(project.newest(RigItem), motion, avatar, frames, time)


def _pose(scene: Scene, loaded: _Loaded, part: float) -> None:
    """Put the person into the scene as they were after that part of the take."""
    if loaded.avatar is not None and loaded.avatar.animation is not None:
        motion = loaded.avatar.animation
        at = min(int(part * len(motion)), len(motion) - 1)
        scene.update(
            "avatar",
            Posed(
                loaded.avatar, float(motion.times_s[at]), motion.bones_world[at], motion.morphs[at]
            ),
        )
    if loaded.motion is not None:
        at = min(int(part * len(loaded.motion)), len(loaded.motion) - 1)
        scene.update("skeleton", loaded.motion.at(at))


def _overlays(scene: Scene, loaded: _Loaded) -> list[Pictured]:
    """Every camera's own picture with the avatar where the cameras say it is."""
    if loaded.rig is None or not loaded.frames:
        return []
    rig = loaded.rig.rig()
    scene.update("rig", rig)
    scene.pictures(loaded.frames)
    _pose(scene, loaded, MOMENTS[1])
    tracked: list[np.ndarray] = []
    fitted: list[np.ndarray] = []
    for camera in rig.cameras[:4]:
        if camera.name not in loaded.frames or not scene.look_through(camera.name):
            continue
        wide, tall = camera.size_px
        size = (round(wide * TALL / tall), TALL)
        scene.show("avatar", False)
        tracked.append(scene.screenshot(size))
        scene.show("avatar", True)
        scene.show("skeleton", False)
        fitted.append(scene.screenshot(size))
        scene.show("skeleton", True)
    scene.look_through(None)
    rows = [np.concatenate(row, axis=1) for row in (tracked, fitted) if row]
    if not rows:
        return []
    text = f"Each camera at {loaded.time_s:.2f} s: the tracked points, and the avatar in its place"
    return [Pictured(np.concatenate(rows), text)]


def _room(scene: Scene, loaded: _Loaded) -> list[Pictured]:
    """Cameras, skeleton and avatar from above one shoulder."""
    if loaded.motion is None:
        return []
    _pose(scene, loaded, MOMENTS[1])
    scene.show("avatar", False)
    scene.view("three-quarter")
    scene.frame(tuple(key for key in scene.keys if key in ("rig", "skeleton")))
    picture = scene.screenshot((2 * WIDE, 2 * TALL * 3 // 4))
    scene.show("avatar", True)
    return [Pictured(picture, "The rig and the tracked points in the room")]


def _strip(scene: Scene, loaded: _Loaded) -> list[Pictured]:
    """The avatar at a few moments, side by side."""
    if loaded.avatar is None:
        return []
    scene.show("rig", False)
    scene.show("skeleton", False)
    shots: list[np.ndarray] = []
    for part in MOMENTS:
        _pose(scene, loaded, part)
        scene.show("skeleton", False)
        scene.view("three-quarter")
        scene.frame(("avatar",))
        shots.append(scene.screenshot((WIDE // 2, TALL)))
    return [Pictured(np.concatenate(shots, axis=1), "The avatar at four moments")]
