"""What the materials of a glTF file say, as the studio's own."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from studio.core.types import Material
from studio.media.formats.gltf.document import Document

LARGEST_PX = 4096


def material_of(document: Document, index: int | None) -> Material:
    """A material; the standard's plain white one for None.

    A cut-out's threshold becomes one half, and cards whose texture fades out are cut out too.
    Toon and unlit surfaces come as matt ones of their colour.
    """
    if index is None or not 0 <= index < len(document.all("materials")):
        return Material("material")
    entry = document.all("materials")[index]
    surface: dict[str, Any] = entry.get("pbrMetallicRoughness") or {}
    flat = {"KHR_materials_unlit", "VRMC_materials_mtoon"} & set(entry.get("extensions") or {})
    toon = _old_toon(document, index)
    base = [float(v) for v in surface.get("baseColorFactor", (1, 1, 1, 1))]
    mode = entry.get("alphaMode", "OPAQUE")
    texture = _picture(document, surface.get("baseColorTexture"))
    if texture is not None and texture.shape[2] == 4:
        texture = _cut(texture, mode, float(entry.get("alphaCutoff", 0.5)))
    matt = bool(flat) or toon
    has_maps = "metallicRoughnessTexture" in surface
    metallic = float(surface.get("metallicFactor", 1.0 if has_maps else 0.0))
    return Material(
        str(entry.get("name") or f"material {index}"),
        (srgb(base[0]), srgb(base[1]), srgb(base[2]), base[3] if mode == "BLEND" else 1.0),
        0.0 if matt else metallic,
        0.9 if matt else float(surface.get("roughnessFactor", 1.0)),
        texture,
        None if matt else _rgb(_picture(document, entry.get("normalTexture"))),
        None if matt else _maps(document, surface, entry),
    )


def srgb(linear: float) -> float:
    """A share of linear light, 0 to 1, as the studio holds colours."""
    value = min(max(linear, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _old_toon(document: Document, index: int) -> bool:
    """Whether VRM 0.x says that a material is drawn flat."""
    said = (document.extension("VRM") or {}).get("materialProperties") or ()
    return index < len(said) and "pbr" not in str(said[index].get("shader", "")).lower() and (
        said[index].get("shader") != "VRM_USE_GLTFSHADER"
    )  # fmt: skip


def _picture(document: Document, told: dict[str, Any] | None) -> np.ndarray | None:
    if not told or "index" not in told:
        return None
    picture = document.image(int(told["index"]))
    if picture is None or max(picture.shape[:2]) <= LARGEST_PX:
        return picture
    shrink = LARGEST_PX / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)


def _rgb(picture: np.ndarray | None) -> np.ndarray | None:
    return None if picture is None else np.ascontiguousarray(picture[..., :3])


def _cut(texture: np.ndarray, mode: str, cutoff: float) -> np.ndarray:
    """The texture without an alpha that does not count, else with one whose middle is the edge."""
    alpha = texture[..., 3]
    if mode == "OPAQUE" or bool((alpha == 255).all()):
        return np.ascontiguousarray(texture[..., :3])
    if mode == "BLEND" or abs(cutoff - 0.5) < 1e-3:
        return texture
    scaled = np.clip(alpha * (0.5 / max(cutoff, 1e-3)), 0, 255).astype(np.uint8)
    return np.dstack([texture[..., :3], scaled])


def _maps(
    document: Document, surface: dict[str, Any], entry: dict[str, Any]
) -> np.ndarray | None:  # fmt: skip
    told, hidden = surface.get("metallicRoughnessTexture"), entry.get("occlusionTexture")
    picture = _rgb(_picture(document, told))
    if picture is None:
        return None
    if not hidden or hidden.get("index") != (told or {}).get("index"):
        picture = picture.copy()
        picture[..., 0] = 255
    return picture
