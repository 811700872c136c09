"""Somebody made up who stands before a camera, and where what they try on belongs, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8

from studio.core.items import AnchorPoint
from studio.core.types import Camera
from studio.human.anchors import anchors
from studio.human.heads import model
from studio.perception.wearers.average import PUPILS
from studio.render.raster import Renderer
from studio.synth import designed, portrait
from studio.synth.factory.places.place import place
from studio.synth.people import stranger

FIRST_PLACE = 56
"""Places of the held-out split begin here."""
_PLACES = 8


@dataclass(frozen=True, eq=False)
class Stood:
    """A picture of somebody made up, and the truth: the camera (level, in its world's origin), the
    frames of their anchor points in that world (metres), and how far apart their pupils are."""

    rgb: UInt8[np.ndarray, "height width 3"]
    camera: Camera
    frames: Mapping[AnchorPoint, Float[np.ndarray, "4 4"]]
    pupils_m: float


def stood(
    seed: int,
    size_px: tuple[int, int],
    view_deg: float,
    away_m: float,
    turns_deg: Sequence[float] = (0.0,),
) -> Iterator[Stood]:
    """The stranger of a seed in one of the factory's places, who looks ahead; the camera stands
    level with the eyes, turned to their left by each angle, and sees ``view_deg`` across its longer
    side. Raises StudioError where OpenGL is missing."""
    wanted = stranger(seed).but(expression={}, gaze_deg=(0.0, 0.0), pose={})
    character = designed.person_of(wanted, "stranger")
    rest, bones = designed.resting(wanted)
    posed = designed.posed(wanted, character, designed.body_of(rest, bones))
    scene = portrait.drawables(posed)
    lifted = character.armature.rest_world[0, :3, 3] - rest.heads_m[0].double().numpy()
    own = anchors(rest.vertices_m.double().numpy() + lifted, rest.heads_m.double().numpy() + lifted)
    frames = own.carried(posed.bones_world @ np.linalg.inv(character.armature.rest_world))
    ids, means = model.marks()
    marks = means @ rest.vertices_m.double().numpy()[ids]
    pupils_m = float(np.linalg.norm(marks[PUPILS[0]] - marks[PUPILS[1]]))
    around = place(FIRST_PLACE + seed % _PLACES)
    eyes = frames["eyes"][:3, 3]
    x, y, z = (float(v) for v in eyes)
    light = replace(around.lighting, centre_m=(x, y, z), radius_m=0.6)
    with Renderer(size_px) as renderer:
        for turn_deg in turns_deg:
            seen_by = _before(eyes, size_px, view_deg, away_m, turn_deg)
            behind = around.around.seen_by(seen_by, size_px)
            rgb = renderer.render(scene, seen_by, light, backdrop=behind).rgb
            level = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
            carry = np.eye(4)
            carry[:3, :3] = level @ seen_by.rotation
            carry[:3, 3] = level @ seen_by.translation_m
            seen_by = replace(seen_by, rotation=level.T, translation_m=np.zeros(3))
            there: dict[AnchorPoint, np.ndarray] = {
                name: carry @ frame for name, frame in frames.items()
            }
            yield Stood(rgb, seen_by, there, pupils_m)


def _before(
    eyes_m: np.ndarray, size_px: tuple[int, int], view_deg: float, away_m: float, turn_deg: float
) -> Camera:
    turn = np.radians(turn_deg)
    back = np.array([np.sin(turn), -np.cos(turn), 0.0])
    rotation = np.stack([np.array([np.cos(turn), np.sin(turn), 0.0]), [0, 0, -1.0], -back])
    centre = eyes_m + away_m * back
    width, height = size_px
    focal = 0.5 * max(size_px) / np.tan(np.radians(view_deg) / 2)
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    return Camera("webcam", size_px, matrix, np.zeros(5), rotation, -rotation @ centre)
