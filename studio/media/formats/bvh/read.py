"""Reading BVH with any channels in any order."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.files import read_text
from studio.core.frames import Up
from studio.core.types import Animation, Armature, Layout, Motion
from studio.media.formats.bvh.euler import to_matrix
from studio.media.formats.bvh.write import joint_names
from studio.media.formats.points import motion_of

_CHANNELS = {f"{axis}{kind}": (kind, k) for kind in ("position", "rotation")
             for k, axis in enumerate("xyz")}  # fmt: skip


@dataclass
class _Joint:
    name: str
    parent: int
    offset: np.ndarray
    channels: list[str] = field(default_factory=list[str])
    end: np.ndarray | None = None


def read_bvh(path: Path, up: Up = "y", unit: str = "cm") -> tuple[Armature, Animation]:
    """A BVH file as bones and their animation in world metres.

    Bones point along their own Y axis at the mean of their children, or at their end site.
    Raises StudioError saying which line is wrong.
    """
    words = _Words(path)
    joints = _tree(words)
    table, frame_s = _table(words, sum(len(joint.channels) for joint in joints))
    parents = [joint.parent for joint in joints]

    turned, places = _forward(joints, table)
    offsets = np.array([joint.offset for joint in joints])
    heads = np.zeros_like(offsets)
    for k, parent in enumerate(parents):
        heads[k] = offsets[k] + (heads[parent] if parent >= 0 else 0)
    rest, tails = _bones(joints, heads)
    posed = np.zeros((len(table), len(joints), 4, 4))
    posed[..., :3, :3] = turned @ rest[:, :3, :3]
    posed[..., :3, 3], posed[..., 3, 3] = places, 1
    armature = Armature(
        tuple(joint_names([joint.name for joint in joints])),
        np.array(parents),
        frames.matrices_to_world(rest, up, unit),
        frames.points_to_world(tails, up, unit),
    )
    world = frames.matrices_to_world(posed, up, unit)
    times = np.arange(len(table)) * frame_s
    return armature, Animation(times, world, np.zeros((len(table), 0)))


def joints_motion(armature: Armature, animation: Animation) -> Motion:
    """The bones' heads as keypoints; the layout's bones are the armature's."""
    names = armature.names
    pairs = tuple((int(p), k) for k, p in enumerate(armature.parents) if p >= 0)
    layout = Layout("joints", names, pairs, tuple(range(len(names))))
    return motion_of(layout, animation.times_s, animation.bones_world[..., :3, 3])


class _Words:
    """The words of a file, one after the other, with their line for error messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = read_text(path, "a BVH file").splitlines()
        self._words = [(word, n) for n, line in enumerate(lines, 1) for word in line.split()]
        self._at = 0

    def next(self, *expected: str) -> str:
        """The next word; raise StudioError if it is not one of those expected."""
        if self._at >= len(self._words):
            raise self.wrong("the file ends too early")
        word, _ = self._words[self._at]
        self._at += 1
        if expected and word.upper() not in expected:
            raise self.wrong(f"“{word}” stands where {' or '.join(expected)} should")
        return word

    def number(self) -> float:
        word = self.next()
        try:
            value = float(word)
        except ValueError:
            raise self.wrong(f"“{word}” is not a number") from None
        if not np.isfinite(value):
            raise self.wrong(f"“{word}” is not a finite number")
        return value

    def vector(self) -> np.ndarray:
        return np.array([self.number() for _ in range(3)])

    def line_name(self) -> str:
        """The rest of the current line, joined: names may hold spaces."""
        first = self.next()
        line = self._words[self._at - 1][1]
        parts = [first]
        while self._at < len(self._words) and self._words[self._at][1] == line:
            if self._words[self._at][0] == "{":
                break
            parts.append(self.next())
        return "_".join(parts)

    def rest(self) -> list[str]:
        return [word for word, _ in self._words[self._at :]]

    def wrong(self, what: str) -> StudioError:
        line = self._words[min(self._at, len(self._words)) - 1][1] if self._words else 1
        return StudioError(
            f"“{self.path.name}” is not a BVH file that can be read: line {line}: {what}.",
            "Export it again from the program that made it.",
        )


def _tree(words: _Words) -> list[_Joint]:
    words.next("HIERARCHY")
    joints: list[_Joint] = []
    stack: list[int] = []
    while (word := words.next("ROOT", "JOINT", "END", "}", "MOTION").upper()) != "MOTION":
        if word == "}":
            if not stack:
                raise words.wrong("a bracket closes that was never opened")
            stack.pop()
            continue
        if word == "END":
            words.line_name()
            words.next("{")
            words.next("OFFSET")
            if not stack:
                raise words.wrong("an end site without a joint")
            joints[stack[-1]].end = words.vector()
            words.next("}")
            continue
        if (word == "JOINT") != bool(stack):
            raise words.wrong(f"a {word} does not belong here")
        name = words.line_name()
        words.next("{")
        words.next("OFFSET")
        joints.append(_Joint(name, stack[-1] if stack else -1, words.vector()))
        stack.append(len(joints) - 1)
        words.next("CHANNELS")
        for _ in range(int(words.number())):
            channel = words.next().lower()
            if channel not in _CHANNELS:
                raise words.wrong(f"“{channel}” is not a channel")
            joints[-1].channels.append(channel)
    if stack or not joints:
        raise words.wrong("the hierarchy is not complete")
    return joints


def _table(words: _Words, channels: int) -> tuple[np.ndarray, float]:
    """The numbers (frames, channels), and the seconds of one frame."""
    words.next("FRAMES:")
    count = int(words.number())
    words.next("FRAME")
    words.next("TIME:")
    frame_s = words.number()
    try:
        values = np.array(words.rest(), np.float64)
    except ValueError:
        raise words.wrong("a word stands among the numbers of the motion") from None
    if frame_s <= 0:
        raise words.wrong("the frame time is not positive")
    if len(values) != count * channels or not np.isfinite(values).all():
        raise words.wrong(
            f"{count} frames of {channels} channels need {count * channels} numbers, "
            f"{int(np.isfinite(values).sum())} are there"
        )
    return values.reshape(count, channels), frame_s


def _forward(joints: list[_Joint], table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turned frames (frames, joints, 3, 3) and places (frames, joints, 3) in file axes."""
    turned = np.zeros((len(table), len(joints), 3, 3))
    places = np.zeros((len(table), len(joints), 3))
    column = 0
    for k, joint in enumerate(joints):
        values = table[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        local = np.tile(joint.offset, (len(table), 1))
        axes, angles = "", []
        for channel, value in zip(joint.channels, values.T, strict=True):
            kind, axis = _CHANNELS[channel]
            if kind == "position":
                local[:, axis] = value
            else:
                axes += "XYZ"[axis]
                angles.append(np.radians(value))
        turn = to_matrix(np.stack(angles, -1) if angles else np.zeros((len(table), 0)), axes)
        if joint.parent < 0:
            turned[:, k], places[:, k] = turn, local
        else:
            above = turned[:, joint.parent]
            turned[:, k] = above @ turn
            places[:, k] = places[:, joint.parent] + np.einsum("fij,fj->fi", above, local)
    return turned, places


def _bones(joints: list[_Joint], heads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rest matrices (joints, 4, 4) whose Y axis points to the tail, and the tails."""
    tails = np.zeros_like(heads)
    for k, joint in enumerate(joints):
        children = [c for c, other in enumerate(joints) if other.parent == k]
        end = joint.end if joint.end is not None else np.zeros(3)
        tails[k] = heads[children].mean(0) if children else heads[k] + end
    reach = np.linalg.norm(tails - heads, axis=-1, keepdims=True)
    span = float(np.ptp(heads, axis=0).max()) or 1.0
    short = reach < 1e-6 * span
    y = np.where(short, (0.0, 1.0, 0.0), (tails - heads) / np.where(short, 1, reach))
    tails = np.where(short, heads + 0.05 * span * y, tails)
    side = np.where(np.abs(y[:, :1]) < 0.9, (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    z = np.cross(side, y)
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    rest = np.tile(np.eye(4), (len(heads), 1, 1))
    rest[:, :3, :3] = np.stack([np.cross(y, z), y, z], -1)
    rest[:, :3, 3] = heads
    return rest, tails
