"""What flows between the rooms: immutable, shaped values with units.

Every array is NumPy, read-only by convention, and named with its unit (``_m`` metres, ``_px``
pixels, ``_s`` seconds). Missing values are NaN. The world is metres, right-handed, Z up
(:mod:`studio.core.frames`). Pixel centres lie at integers: the centre of the top-left pixel is
(0, 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

Floats = np.ndarray
LensModel = Literal["pinhole", "fisheye"]


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of one camera."""

    camera: str
    time_s: float
    rgb: UInt8[Floats, "height width 3"]


@dataclass(frozen=True, eq=False)
class FrameSet:
    """The pictures that all cameras took at one moment. A camera that missed it is absent."""

    number: int
    time_s: float
    frames: Mapping[str, Frame]


@dataclass(frozen=True, eq=False)
class Camera:
    """A calibrated camera: x = K · distort(R · X + t), X in world metres, OpenCV axes.

    ``distortion`` is OpenCV's vector (k1 k2 p1 p2 k3 [k4 k5 k6]) for pinhole, (k1 k2 k3 k4) for
    fisheye; empty means none.
    """

    name: str
    size_px: tuple[int, int]
    matrix: Float[Floats, "3 3"]
    distortion: Float[Floats, " terms"]
    rotation: Float[Floats, "3 3"]
    translation_m: Float[Floats, " 3"]
    lens: LensModel = "pinhole"

    @property
    def projection(self) -> Float[Floats, "3 4"]:
        """K [R | t], for undistorted pixels."""
        return self.matrix @ np.column_stack([self.rotation, self.translation_m])

    @property
    def centre_m(self) -> Float[Floats, " 3"]:
        """Where the camera stands in the world."""
        return -self.rotation.T @ self.translation_m


@dataclass(frozen=True, eq=False)
class CameraRig:
    """Cameras that share one world frame."""

    cameras: tuple[Camera, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(camera.name for camera in self.cameras)

    def __getitem__(self, name: str) -> Camera:
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise KeyError(name)

    def __len__(self) -> int:
        return len(self.cameras)


@dataclass(frozen=True)
class Layout:
    """A named set of keypoints: which points there are, in which order, and what joins them.

    ``bones`` are index pairs (parent, child); ``mirror[i]`` is the index of point i's left-right
    twin (itself on the midline); ``parts`` groups points: ``body``, ``left_hand``,
    ``right_hand``, ``face``, ``feet``.
    """

    name: str
    points: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]
    mirror: tuple[int, ...]
    parts: Mapping[str, tuple[int, ...]] = field(default_factory=dict, hash=False)

    def __len__(self) -> int:
        return len(self.points)

    def index(self, point: str) -> int:
        """The index of ``point``. Raises KeyError if the layout has no such point."""
        try:
            return self.points.index(point)
        except ValueError:
            raise KeyError(f"layout {self.name} has no point {point}") from None


@dataclass(frozen=True, eq=False)
class Keypoints:
    """2D keypoints of one person in one picture. ``person`` is stable over a track."""

    camera: str
    time_s: float
    layout: Layout
    xy_px: Float[Floats, "points 2"]
    confidence: Float[Floats, " points"]
    person: int = 0


@dataclass(frozen=True, eq=False)
class Detections:
    """2D keypoints of one person over a take, in all cameras; distorted pixels as seen.

    Missing points have NaN coordinates and zero confidence.
    """

    cameras: tuple[str, ...]
    times_s: Float[Floats, " frames"]
    layout: Layout
    xy_px: Float[Floats, "frames views points 2"]
    confidence: Float[Floats, "frames views points"]


@dataclass(frozen=True, eq=False)
class Crowd:
    """2D keypoints of everybody over a take, in all cameras; distorted pixels as seen.

    Each picture has room for as many people as the fullest; an empty place, like a missing point,
    has NaN coordinates and zero confidence. ``track`` is the number under which that camera's
    detector followed somebody from picture to picture, -1 where it did not. ``looks`` are the
    colours of patches of their bodies as each camera sees them (sRGB, 0 to 1; NaN where unknown).
    """

    cameras: tuple[str, ...]
    times_s: Float[Floats, " frames"]
    layout: Layout
    xy_px: Float[Floats, "frames views places points 2"]
    confidence: Float[Floats, "frames views places points"]
    track: Int[Floats, "frames views places"]
    looks: Float[Floats, "frames views places patches 3"] | None = None

    @property
    def most(self) -> int:
        """The most people that a camera ever saw at once."""
        return int((self.confidence > 0).any(-1).sum(-1).max(initial=0))


@dataclass(frozen=True, eq=False)
class Monocular:
    """3D keypoints of everybody over a take as every camera tells them alone, from single pictures.

    Metres in the axes of the camera (right, down, ahead), seen through a lens whose focal length
    is ``focal_px`` and whose axis meets the middle of a picture of ``sizes_px``: with another lens
    people stand nearer or farther. The places are those of the take's :class:`Crowd`, or one where
    there is none. Missing points are NaN with zero confidence.
    """

    cameras: tuple[str, ...]
    times_s: Float[Floats, " frames"]
    layout: Layout
    sizes_px: Int[Floats, "views 2"]
    focal_px: Float[Floats, " views"]
    xyz_m: Float[Floats, "frames views places points 3"]
    confidence: Float[Floats, "frames views places points"]


@dataclass(frozen=True, eq=False)
class Skeleton:
    """One person's 3D keypoints at one moment.

    ``error_m`` is the standard deviation of each point (largest axis of its covariance);
    NaN where unknown or where the point itself is missing. It holds for errors that the cameras
    do not share: where a detector marks hips too wide in every picture, or the calibration is
    wrong as a whole, the cameras agree and the bar does not show it.
    """

    time_s: float
    layout: Layout
    xyz_m: Float[Floats, "points 3"]
    error_m: Float[Floats, " points"]


@dataclass(frozen=True, eq=False)
class Motion:
    """One person's 3D keypoints over a take.

    ``reprojection_px`` is the mean over the views used; ``views`` counts them.
    ``filled`` marks points that were interpolated over a gap.
    """

    layout: Layout
    times_s: Float[Floats, " frames"]
    xyz_m: Float[Floats, "frames points 3"]
    error_m: Float[Floats, "frames points"]
    reprojection_px: Float[Floats, "frames points"]
    views: Int[Floats, "frames points"]
    filled: Bool[Floats, "frames points"]

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def rate_hz(self) -> float:
        """Frames a second (the median spacing), 0 for a single frame."""
        return float(1 / np.median(np.diff(self.times_s))) if len(self) > 1 else 0.0

    def at(self, frame: int) -> Skeleton:
        """The skeleton of one frame."""
        return Skeleton(
            float(self.times_s[frame]), self.layout, self.xyz_m[frame], self.error_m[frame]
        )


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh. ``uv`` has one coordinate a face corner (origin bottom left)."""

    vertices_m: Float[Floats, "vertices 3"]
    faces: Int[Floats, "faces 3"]
    uv: Float[Floats, "faces 3 2"] | None = None
    colours: UInt8[Floats, "vertices 3"] | None = None


@dataclass(frozen=True, eq=False)
class Material:
    """Metallic-roughness material of a mesh; ``base`` multiplies the texture.

    ``normal_map`` holds tangent-space normals as glTF has them (x right, y up, z out, 0 to 255 for
    -1 to 1); ``orm_map`` the shares of ambient occlusion, roughness and metal (red, green, blue),
    of which roughness and metal multiply the numbers given.
    """

    name: str
    base: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    metallic: float = 0.0
    roughness: float = 0.6
    texture: UInt8[Floats, "height width channels"] | None = None
    normal_map: UInt8[Floats, "normal_height normal_width 3"] | None = None
    orm_map: UInt8[Floats, "orm_height orm_width 3"] | None = None

    @property
    def images(self) -> tuple[np.ndarray, ...]:
        """The pictures that the material has."""
        every = (self.texture, self.normal_map, self.orm_map)
        return tuple(image for image in every if image is not None)


@dataclass(frozen=True, eq=False)
class Armature:
    """A tree of bones in rest pose. Parents come before children; the root's parent is -1.

    ``rest_world`` are bone-to-world 4x4 matrices (metres); a bone's head is its origin and the
    bone points along its own Y axis.
    """

    names: tuple[str, ...]
    parents: Int[Floats, " bones"]
    rest_world: Float[Floats, "bones 4 4"]
    tails_m: Float[Floats, "bones 3"]


@dataclass(frozen=True, eq=False)
class Animation:
    """World pose of every bone of an armature over time, and the weight of every morph target."""

    times_s: Float[Floats, " frames"]
    bones_world: Float[Floats, "frames bones 4 4"]
    morphs: Float[Floats, "frames targets"]

    def __len__(self) -> int:
        return len(self.times_s)


@dataclass(frozen=True, eq=False)
class Part:
    """One drawable part of a character: a mesh skinned to the character's armature.

    ``weights`` holds up to four bones a vertex; rows sum to one. ``morphs`` maps a target's name
    (ARKit names) to its vertex offsets in metres; a target that a part lacks does not move it.
    """

    name: str
    mesh: Mesh
    material: Material
    joints: Int[Floats, "vertices 4"]
    weights: Float[Floats, "vertices 4"]
    morphs: Mapping[str, Float[Floats, "vertices 3"]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Character:
    """A rigged person, ready to be drawn or exported; metres, Z up, facing -Y in rest pose.

    ``morph_names`` orders the columns of ``Animation.morphs``.
    """

    name: str
    armature: Armature
    parts: tuple[Part, ...]
    morph_names: tuple[str, ...] = ()
    animation: Animation | None = None


@dataclass(frozen=True, eq=False)
class Posed:
    """A character at one moment: what is drawn while it moves."""

    character: Character
    time_s: float
    bones_world: Float[Floats, "bones 4 4"]
    morphs: Float[Floats, " targets"]


@dataclass(frozen=True)
class Fact:
    """One line of a result: a value with its unit and a judgement that is never colour alone."""

    label: str
    text: str
    verdict: Literal["good", "look", "stop", "plain"] = "plain"
    blame: str = ""
