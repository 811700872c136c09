"""The eyes of a photographed face, as colours of the user's wardrobe.

The white of an eye lies in the shade of lids and lashes and is never white in a photograph; it is
painted so that it is drawn as bright, by the face's skin, as it is seen there, and as yellow as its
varnish.
"""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from studio.core.errors import StudioError
from studio.human.design import Colour
from studio.human.wardrobe.asset import Asset, AssetMaterial, Card, Picture
from studio.human.wardrobe.writing import write_asset
from studio.perception.portraits import EYES, IRISES, Looked
from studio.synth import closet
from studio.synth.facelight import EXPOSED, scene_linear, stored
from studio.synth.looks import WHITE, Looks, eye_texture

_USUAL = np.array([0.52, 0.47, 0.44])
_SHADE = 0.72
"""How much of the light of a face reaches the whites of drawn eyes: what is painted as it is seen
would be in the shade twice. Of six portraits and the heads made of them, whites by cheeks."""
_RANGE = (0.62, 2.2)
"""How dark and how bright a white may be, by the usual one."""
_BELIEVED = 0.6
_SIZE_PX = 512
_FEW_PX = 30


def whites_px(looked: Looked) -> UInt8[np.ndarray, "pixels 3"]:
    """The pixels in which whites of open eyes are seen."""
    found = [np.zeros((0, 3), np.uint8)]
    xy = looked.xyz_px[:, :2]
    for ring, (middle, edge), is_open in zip(EYES, IRISES, looked.open_eyes, strict=True):
        if not is_open:
            continue
        mask = np.zeros(looked.rgb.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.rint(xy[list(ring)]).astype(np.int32)], 1)
        radius = float(np.linalg.norm(xy[list(edge)] - xy[middle], axis=1).mean())
        centre = np.rint(xy[middle]).astype(int)
        cv2.circle(mask, centre.tolist(), int(np.ceil(1.25 * radius)), 0, -1)
        found.append(looked.rgb[mask > 0])
    return np.concatenate(found)


def white_of(looked: Looked) -> Float[np.ndarray, "3"]:
    """The colour of the whites of the eyes (sRGB, 0 to 1): as usual where too little is seen."""
    colours = scene_linear(whites_px(looked))
    usual = decoded(_USUAL)
    if len(colours) < _FEW_PX:
        return _USUAL
    bright = colours[colours.mean(1) >= np.percentile(colours.mean(1), 60)]
    white = np.median(bright, axis=0) / (EXPOSED * _SHADE)
    grey = float(np.clip(white.mean() / usual.mean(), *_RANGE)) * usual.mean()
    hue = (white / white.mean()) ** _BELIEVED * (usual / usual.mean()) ** (1 - _BELIEVED)
    return stored(grey * hue) / 255


def decoded(colour: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Colours of a picture (sRGB, 0 to 1) without its gamma."""
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def keep(name: str, slug: str, looked: Looked, iris: Colour) -> str:
    """Keep the eyes in the user's wardrobe; their name there. Raises StudioError if they cannot be
    written."""
    painted = eye_texture(Looks(iris=iris), _SIZE_PX).astype(np.float32) / 255
    size = len(painted)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    outside = np.clip((np.hypot(x, y) * 60 - 25.5) / 2, 0, 1)[..., None]
    white = painted * (white_of(looked) / np.array(WHITE))
    shown = (255 * (painted + outside * (white - painted))).clip(0, 255).astype(np.uint8)
    done, data = cv2.imencode(".png", shown[..., ::-1])
    if not done:
        raise StudioError("The eyes' picture cannot be written.", "Choose another photograph.")
    item = f"eyes_{slug}_{hashlib.sha256(data.tobytes()).hexdigest()[:8]}"
    picture = Picture(f"{item}_diffuse.png", data.tobytes())
    material = AssetMaterial(item, roughness=0.15, pictures={"diffuse": picture})
    card = Card(f"Eyes of {name}", "eyes", source="photographs")
    write_asset(Asset(item, card, (material,)), closet.own_folder() / "eyes" / item)
    closet.forget()
    return item
