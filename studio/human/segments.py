"""Segments of the body whose length can be changed beyond what the phenotypes offer.

A segment scales its bones, and the skin that hangs on them, along one direction: along the bone
(``"bone"``), along a world axis of the reference pose, or in all directions.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.human.rig import BONE_NAMES


@dataclass(frozen=True)
class Segment:
    """Bones (their names without side) that share one scale, and the direction it acts in."""

    name: str
    stems: tuple[str, ...]
    along: str

    def bones(self) -> tuple[int, ...]:
        """Indices of the bones, both sides."""
        return tuple(
            i
            for i, bone in enumerate(BONE_NAMES)
            if bone.removesuffix(".L").removesuffix(".R") in self.stems
        )


_HAND = ("wrist", *(f"metacarpal{k}" for k in range(1, 5)))
_FINGERS = tuple(f"finger{k}-{j}" for k in range(1, 6) for j in (1, 2, 3))
_TOES = tuple(f"toe{k}-{j}" for k in range(1, 6) for j in (1, 2, 3))

SEGMENTS = (
    Segment("torso", ("spine05", "spine04", "spine03", "spine02", "spine01"), "z"),
    Segment("neck", ("neck01", "neck02", "neck03"), "z"),
    Segment("head", ("head", "eye"), "all"),
    Segment("shoulders", ("clavicle", "shoulder01"), "x"),
    Segment("upper_arm", ("upperarm01", "upperarm02"), "bone"),
    Segment("forearm", ("lowerarm01", "lowerarm02"), "bone"),
    Segment("hand", (*_HAND, *_FINGERS), "all"),
    Segment("hips", ("pelvis",), "x"),
    Segment("thigh", ("upperleg01", "upperleg02"), "bone"),
    Segment("shin", ("lowerleg01", "lowerleg02"), "bone"),
    Segment("foot", ("foot", *_TOES), "all"),
)
SEGMENT_NAMES = tuple(segment.name for segment in SEGMENTS)
