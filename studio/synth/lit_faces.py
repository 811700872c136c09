"""Faces in light that is known: the factory's heads, and beside each a grey ball in the same light.

What the ball shows, once the same camera has taken it, is what anything else would show there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32, UInt8
from trimesh.creation import icosphere

from studio.core.closing import Closing
from studio.core.errors import StudioError
from studio.core.types import Camera, Material, Mesh
from studio.perception.faces.lit import GAMMA, SkinLight, skin_light
from studio.render.environment import basis
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Finish, Lighting
from studio.synth.factory.eye import random_eye
from studio.synth.factory.factory import Factory
from studio.synth.factory.recipe import Recipe
from studio.synth.factory.streams import Split, stream

SIDE_PX, BALL_PX = 256, 64
"""The side of the picture with the face, and that of the ball beside it."""
GREY = 0.5
"""What the ball sends back (linear)."""
_RECIPE = Recipe(
    "heads", (SIDE_PX, SIDE_PX), framings=(("head", 1.0),), maps=(), layouts=(), hands_full=0.05,
    views=8, block=64,
)  # fmt: skip
_OTHER_LIGHT, _TRIES = 0.65, 12
_NEXT = 10_000_000
_RADIUS_M, _SHARE = 0.1, 0.44
_RIDGE = np.array([0.0] + [0.002] * 3 + [0.01] * 5)

Find = Callable[[np.ndarray], Float[np.ndarray, "478 3"] | None]
"""Finds the points of the face in a picture."""


@dataclass(frozen=True, eq=False)
class LitFace:
    """A picture of a face (``face_px`` as found in it), what its skin tells of the light
    (``told``), and what a white matt ball would send back there: harmonics (9, 3) of linear RGB
    in the axes of a level camera's world (right, away, up)."""

    rgb: UInt8[np.ndarray, "height width 3"]
    face_px: Float[np.ndarray, "478 3"]
    told: SkinLight
    light: Float32[np.ndarray, "9 3"]


class LitFaces(Closing):
    """Makes faces in light that is known; a context manager, to be used on one thread.

    Face ``number`` depends on the split, the seed and the number alone, as far as ``find`` does. It
    raises StudioError where no face can be found in several pictures, or without OpenGL.
    """

    def __init__(self, split: Split, seed: int, find: Find) -> None:
        self.split: Split = split
        self.seed = seed
        self._find = find
        self._factory = Factory(_RECIPE, split, seed)
        self._renderers: tuple[Renderer, Renderer] | None = None

    def close(self) -> None:
        """Free the renderers."""
        for one in self._renderers or ():
            one.close()
        self._renderers = None
        self._factory.close()

    def face(self, number: int) -> LitFace:
        """The face of that number."""
        for again in range(_TRIES):
            found = self._taken(number + again * _NEXT)
            if found is not None:
                return found
        raise StudioError(f"No face can be found in the factory's picture {number}.")

    def _taken(self, number: int) -> LitFace | None:
        if self._renderers is None:
            self._renderers = Renderer((SIDE_PX, SIDE_PX)), Renderer((BALL_PX, BALL_PX))
        large, small = self._renderers
        which, view = divmod(number, _RECIPE.views)
        moment = self._factory.acted(which)
        camera = moment.rig.cameras[view]
        rng = stream("lit face", self.seed, self.split, number)
        lighting = _other(moment.lighting, camera, rng)
        behind = moment.around.seen_by(camera, (SIDE_PX, SIDE_PX))
        seen = large.render(moment.scene, camera, lighting, far_m=60.0, backdrop=behind)
        ball, before = _ball(camera)
        lit = replace(lighting, centre_m=(0.0, 0.0, 0.0), radius_m=0.5)
        shown = small.render((ball,), before, lit)
        strip = np.zeros((SIDE_PX, BALL_PX, 3), np.uint8)
        strip[:BALL_PX] = shown.rgb
        subject = np.zeros((SIDE_PX, SIDE_PX + BALL_PX), bool)
        subject[:, :SIDE_PX] = seen.alpha > 127
        eye = random_eye(rng)
        taken = replace(eye, shake_px=(0.0, 0.0)).take(np.hstack([seen.rgb, strip]), subject, rng)
        rgb = np.ascontiguousarray(taken[:, :SIDE_PX])
        points = self._find(rgb)
        told = None if points is None else skin_light(rgb, points)
        if points is None or told is None:
            return None
        light = _light_on(taken[:BALL_PX, SIDE_PX:], shown.alpha > 250)
        return LitFace(rgb, points, told, light)


def _other(lighting: Lighting, camera: Camera, rng: np.random.Generator) -> Lighting:
    """The light of the place, or, more often, a lamp of any colour from anywhere before or beside
    the face, and more or less of what comes from around."""
    if rng.random() > _OTHER_LIGHT:
        return lighting
    right, down, ahead = camera.rotation
    aside, above = np.radians(rng.uniform(-110, 110)), np.radians(rng.normal(25, 25))
    way = np.cos(above) * (np.sin(aside) * right - np.cos(aside) * ahead) - np.sin(above) * down
    towards = lighting.towards.copy()
    towards[0] = way / np.linalg.norm(way)
    radiance = lighting.radiance.copy()
    strength = float(np.clip(np.exp(rng.normal(0.2, 0.6)), 0.15, 4.0))
    radiance[0] = radiance[0].mean() * strength * _colour(rng)
    around = np.clip(np.exp(rng.normal(-0.2, 0.5)), 0.2, 2.5) * _colour(rng)
    r, g, b = (float(v) for v in np.array(lighting.fill) * around)
    ambient = None if lighting.ambient is None else lighting.ambient * around
    radiance[1:] *= around
    return replace(lighting, towards=towards, radiance=radiance, fill=(r, g, b), ambient=ambient)


def _colour(rng: np.random.Generator) -> np.ndarray:
    """The colour of a lamp or a sky, of mean 1: warm or cold, a little green or magenta."""
    warm, green = rng.normal(0, 0.18), rng.normal(0, 0.04)
    colour = np.exp([warm, green, -warm])
    return colour / colour.mean()


def _ball(camera: Camera) -> tuple[Drawable, Camera]:
    """A grey ball in the middle of the world, and a camera that looks at it as another looks."""
    sphere = icosphere(subdivisions=4, radius=_RADIUS_M)
    mesh = Mesh(np.array(sphere.vertices), np.array(sphere.faces, np.int32))
    far, focal = 4.0, _SHARE * BALL_PX * 4.0 / _RADIUS_M
    middle = (BALL_PX - 1) / 2
    matrix = np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1.0]])
    before = Camera(
        "ball", (BALL_PX, BALL_PX), matrix, np.zeros(5), camera.rotation, np.array([0, 0, far])
    )
    grey = GREY ** (1 / GAMMA)
    material = Material("ball", (grey, grey, grey, 1.0), roughness=1.0)
    return Drawable(mesh, material, finish=Finish(specular=0.0)), before


def _light_on(ball: np.ndarray, there: np.ndarray) -> Float32[np.ndarray, "9 3"]:
    """The harmonics of what a picture of the ball shows."""
    middle, radius = (BALL_PX - 1) / 2, _SHARE * BALL_PX
    y, x = np.nonzero(there)
    right, down = (x - middle) / radius, (y - middle) / radius
    inside = np.hypot(right, down) < 0.95
    right, down = right[inside], down[inside]
    facing = np.stack([right, -np.sqrt(1 - right**2 - down**2), -down], -1)
    seen = (ball[y[inside], x[inside]] / 255.0) ** GAMMA / GREY
    Y = basis(facing)
    ridge = np.diag(_RIDGE * len(Y))
    return np.linalg.solve(Y.T @ Y + ridge, Y.T @ seen).astype(np.float32)
