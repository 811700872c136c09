"""What cameras make of the clothes of a simulated crowd: colours of patches, as pictures tell them.

Cameras differ in exposure and white balance; shade and noise come and go; fronts are not backs;
thin limbs let the background in; whoever is hidden lends the colours of whoever hides them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import gaussian_filter1d

from studio.core.types import Camera, Layout
from studio.perception.looks import PATCHES
from studio.synth.crowd import CrowdScene
from studio.synth.people import CLOTHS, HAIRS, SKINS

Dress = Literal["own", "uniform"]
_JOINTS = {
    "head": ("head_top", "nose"), "chest": ("left_shoulder", "right_shoulder"),
    "belly": ("left_hip", "right_hip"),
    "upper_arms": ("left_shoulder", "right_shoulder", "left_elbow", "right_elbow"),
    "forearms": ("left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    "thighs": ("left_hip", "right_hip", "left_knee", "right_knee"),
    "shins": ("left_knee", "right_knee", "left_ankle", "right_ankle"),
}  # fmt: skip
_BACKGROUND = {"head": 0.08, "chest": 0.03, "belly": 0.03, "upper_arms": 0.12, "forearms": 0.2,
               "thighs": 0.06, "shins": 0.12}  # fmt: skip
"""How often a patch is mostly background."""
_ALIKE = 0.2
"""How often somebody wears what the one before them wears, and again for the top alone."""


@dataclass(frozen=True, eq=False)
class Glimpse:
    """One person as one camera's detector finds them: pixels, confidence (0 where lost), which
    points others cover, who (-1 nobody), and which were taken from the one in front."""

    xy_px: Float[np.ndarray, "frames points 2"]
    confidence: Float[np.ndarray, "frames points"]
    covered: Bool[np.ndarray, "frames points"]
    by: Int[np.ndarray, "frames points"]
    stolen: Bool[np.ndarray, "frames points"]


def outfits(
    people: int, dress: Dress, rng: np.random.Generator
) -> Float[np.ndarray, "people 2 patches 3"]:
    """What people wear, front and back, in linear light. Some wear the same by chance; in uniform
    everybody does, and only skin and hair differ."""
    out = np.empty((people, 2, len(PATCHES), 3))
    top = trousers = np.zeros(3)
    sleeves = shorts = False
    for who in range(people):
        skin = _linear(np.array(SKINS[rng.integers(len(SKINS))]) * rng.uniform(0.95, 1.05))
        hair = _linear(HAIRS[rng.integers(len(HAIRS))])
        chance = float(rng.random())
        same = who > 0 and (dress == "uniform" or chance < _ALIKE)
        fresh = [_cloth(rng), _cloth(rng)]
        long, short, open_jacket = rng.random() < 0.6, rng.random() < 0.2, rng.random() < 0.25
        if not same:
            top = top if who > 0 and chance < 2 * _ALIKE else fresh[0]
            trousers, sleeves, shorts = fresh[1], bool(long), bool(short)
        worn = {
            "chest": top, "belly": top, "upper_arms": top, "forearms": top if sleeves else skin,
            "thighs": trousers, "shins": skin if shorts else trousers,
        }  # fmt: skip
        for side, head in enumerate((skin, hair)):
            out[who, side] = [worn.get(name, head) for name in PATCHES]
        if open_jacket and dress != "uniform":
            out[who, 0, PATCHES.index("chest")] = _cloth(rng)
    return out


def glimpsed(
    scene: CrowdScene,
    camera: Camera,
    glimpses: list[Glimpse],
    worn: Float[np.ndarray, "people 2 patches 3"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "people frames patches 3"]:
    """How everybody looks in one camera: sRGB, NaN where nothing is told of a patch."""
    people, frames = scene.xyz_m.shape[:2]
    size = people, frames, len(PATCHES)
    true = _turned(scene, camera, worn)
    shown = true.copy()
    unknown = np.zeros(size, bool)
    for number, joints in enumerate(_points(scene.layout)):
        for who, glimpse in enumerate(glimpses):
            hidden = glimpse.covered[:, joints].mean(1) > 0.4
            taken = glimpse.stolen[:, joints].mean(1) > 0.4
            other = np.max(glimpse.by[:, joints], axis=1)
            theirs = true[np.maximum(other, 0), np.arange(frames), number]
            share = np.where(taken, 1.0, rng.uniform(0.3, 1.0, frames))[:, None]
            mixed = (1 - share) * true[who, :, number] + share * theirs
            shown[who, :, number] = np.where(
                (hidden & (other >= 0))[:, None], mixed, shown[who, :, number]
            )
            # Where two overlap in the picture, both are mostly refused, the nearer too.
            refused = hidden & (rng.random(frames) < 0.7)
            unknown[who, :, number] |= refused
            for nearer in range(people):
                below = hidden & (other == nearer) & (rng.random(frames) < 0.5)
                unknown[nearer, :, number] |= below
            unseen = (glimpse.confidence[:, joints] < 0.3).mean(1) > 0.5
            unknown[who, :, number] |= unseen
    around = _linear(rng.uniform(0.1, 0.9, (8, 3)))
    often = np.array([_BACKGROUND[name] for name in PATCHES])
    wrong = (rng.random(size) < often)[..., None]
    share = rng.uniform(0.5, 1.0, (*size, 1))
    shown = np.where(wrong, (1 - share) * shown + share * around[rng.integers(8, size=size)], shown)
    out = _exposed(shown * _shade(rng, size)[..., None], rng)
    out[unknown] = np.nan
    return out


def ghostly(rng: np.random.Generator, frames: int) -> Float[np.ndarray, "frames patches 3"]:
    """How somebody looks who is not there: always the same."""
    colour = _linear(rng.uniform(0.05, 0.9, (len(PATCHES), 3)))
    shade = _shade(rng, (1, frames, len(PATCHES)))[0]
    return _exposed(colour * shade[..., None], rng)


def _cloth(rng: np.random.Generator) -> np.ndarray:
    colour = np.array(CLOTHS[rng.integers(len(CLOTHS))]) + rng.normal(0, 0.04, 3)
    return _linear(np.clip(colour, 0.04, 0.95))


def _turned(
    scene: CrowdScene, camera: Camera, worn: np.ndarray
) -> Float[np.ndarray, "people frames patches 3"]:
    """The colours of the side that everybody turns to a camera."""
    left, right = (
        scene.xyz_m[:, :, scene.layout.index(f"{s}_shoulder")] for s in ("left", "right")
    )
    across = left - right
    ahead = np.stack([across[..., 1], -across[..., 0]], -1)
    towards = (camera.centre_m - (left + right) / 2)[..., :2]
    cosine = (ahead * towards).sum(-1)
    cosine /= np.fmax(np.linalg.norm(ahead, axis=-1) * np.linalg.norm(towards, axis=-1), 1e-9)
    front = np.clip(0.5 + 1.2 * cosine, 0, 1)[..., None, None]
    return front * worn[:, None, 0] + (1 - front) * worn[:, None, 1]


def _shade(rng: np.random.Generator, size: tuple[int, int, int]) -> np.ndarray:
    """Light that changes as people move (people, frames, patches), about 1."""
    whole = gaussian_filter1d(rng.standard_normal((*size[:2], 1)), 8, axis=1, mode="wrap")
    own = gaussian_filter1d(rng.standard_normal(size), 5, axis=1, mode="wrap")
    return np.exp(
        0.25 * whole / max(float(whole.std()), 1e-9) + 0.2 * own / max(float(own.std()), 1e-9)
    )


def _exposed(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Linear light as one camera's sRGB: exposure, white balance, noise, clipping."""
    gain = np.exp(rng.normal(0, 0.35) + rng.normal(0, 0.12, 3))
    encoded = np.clip(light * gain, 0, 1) ** (1 / 2.2)
    return np.clip(encoded + rng.normal(0, 0.015, light.shape), 0, 1)


def _linear(colour: object) -> np.ndarray:
    return np.asarray(colour, float) ** 2.2


def _points(layout: Layout) -> list[list[int]]:
    """The joints about each patch."""
    return [[layout.index(point) for point in _JOINTS[name]] for name in PATCHES]
