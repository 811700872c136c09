"""How like heads of one photograph look from sides that it does not show."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from studio.core.pictures import read_picture, write_picture
from studio.core.types import Camera, Posed
from studio.features.head.engine import Head, Inputs, Params, reconstruct
from studio.human.design import Design
from studio.human.heads import model
from studio.jobs import Context, run
from studio.journeys.figures import Figure
from studio.render.raster import Renderer
from studio.render.scene import Drawable
from studio.synth import closet, designed, portrait
from studio.synth.heads.seen import PUPILS
from studio.vision.similarity import similarity

_ASIDE_DEG, _CHIN, _SIDE_PX = 30.0, 152, 640
_ASIDE = ("view_01_yaw-030.png", "view_02_yaw+030.png", "view_03_yaw-060.png",
          "view_04_yaw+060.png")  # fmt: skip
_Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""From worlds with y up to ours."""


def made_up(people: Mapping[int, Design]) -> Figure:
    """Heads made of one photograph, hair and all, seen as those people (by their seeds) look from
    the side."""
    found: list[float] = []
    for seed, wanted in people.items():
        truth, marks = _stood(wanted)
        framing = replace(portrait.face_of(truth), turn_deg=0.0, down_deg=0.0)
        drawn = portrait.drawables(truth)
        with TemporaryDirectory() as folder, Renderer((_SIDE_PX, _SIDE_PX)) as renderer:
            path = Path(folder) / f"stranger_{seed}.png"
            write_picture(path, portrait.picture(renderer, drawn, framing))
            made = _made(path, float(np.linalg.norm(marks[PUPILS[0]] - marks[PUPILS[1]])))
            laid = _laid(made.design.but(expression={}), marks)
            for side in (-_ASIDE_DEG, _ASIDE_DEG):
                seen = replace(framing, turn_deg=side)
                camera, light = portrait.camera(seen, renderer.size_px), portrait.light(seen)
                a, b = (renderer.render(scene, camera, light) for scene in (drawn, laid))
                where = ((a.alpha > 0) | (b.alpha > 0)) & _above_chin(camera, marks)
                found.append(_psnr(a.rgb, b.rgb, where))
    name = f"{len(people)} made-up people, one photograph: PSNR of the head turned by 30°"
    return Figure(f"{name}, mean; worst", f"{np.mean(found):.1f}; {np.min(found):.1f} dB", "stated")


def scanned(
    folder: Path, cameras: Mapping[str, Camera], landmarks: np.ndarray, pupils_m: float
) -> Figure:
    """A head made of the picture of a scan from ahead, beside the scan's pictures from the sides.

    ``cameras`` of the pictures by their names, in a world with y up, where MediaPipe's points lie
    at ``landmarks``. The light is not known: one gain a channel makes the picture from ahead alike.
    """
    marks = landmarks @ _Z_UP.T
    turned = {
        name: replace(camera, rotation=camera.rotation @ _Z_UP.T)
        for name, camera in cameras.items()
    }
    ahead = next(iter(cameras))
    made = _made(folder / ahead, pupils_m)
    laid = _laid(made.design, marks)
    gain, found = np.ones(3), list[float]()
    with Renderer(cameras[ahead].size_px) as renderer:
        light = portrait.light(portrait.face_of(_stood(made.design)[0]))
        light = replace(light, centre_m=tuple(float(x) for x in marks.mean(0)))
        for name in (ahead, *_ASIDE):
            seen = np.ascontiguousarray(read_picture(folder / name)[..., :3])
            mask = read_picture(folder / name.replace("view", "mask"))
            mask = (mask if mask.ndim == 2 else mask[..., 0]) > 127
            own = renderer.render(laid, turned[name], light)
            cover = own.alpha[..., None] / 255.0
            shown = own.rgb * cover + (1 - cover) * np.median(seen[~mask], axis=0)
            where = (mask | (own.alpha > 0)) & _above_chin(turned[name], marks)
            both = mask & (own.alpha > 250) & where
            if name == ahead:
                gain = seen[both].mean(0) / shown[both].mean(0)
                continue
            lit = np.where(both[..., None], np.clip(shown * gain, 0, 255), shown)
            found.append(_psnr(seen, lit, where))
    return Figure(
        "head_leeperrysmith, one view: PSNR of the head turned by 30°; by 60°",
        f"{np.mean(found[:2]):.1f}; {np.mean(found[2:]):.1f} dB", "stated", None,
        "one gain a channel from the view ahead; above the chin, where either head is",
    )  # fmt: skip


def _made(photograph: Path, pupils_m: float) -> Head:
    params = Params(photos=(photograph,), pupils_mm=1e3 * pupils_m)
    return run(reconstruct(params, Inputs(), Context()))


def _laid(design: Design, marks: np.ndarray) -> tuple[Drawable, ...]:
    """A design as it is drawn, its face laid on marks, its size its own."""
    posed, own = _stood(design)
    _forget(design)
    turn, _, shift = similarity(own, marks, sized=False)
    return tuple(
        replace(one, mesh=replace(one.mesh, vertices_m=one.mesh.vertices_m @ turn.T + shift))
        for one in portrait.drawables(posed)
    )


def _stood(design: Design) -> tuple[Posed, np.ndarray]:
    """A design's person, and where the face's points are on them."""
    rest, bones = designed.resting(design)
    body_m = designed.body_of(rest, bones)
    posed = designed.posed(design, designed.person_of(design, "stranger"), body_m)
    up = posed.bones_world[model.HEAD, :3, 3] - bones.rest_world[model.HEAD, :3, 3]
    ids, means = model.marks()
    return posed, means @ body_m[ids] + up


def _above_chin(camera: Camera, marks: np.ndarray) -> np.ndarray:
    chin = camera.matrix @ (camera.rotation @ marks[_CHIN] + camera.translation_m)
    return np.arange(camera.size_px[1])[:, None] < chin[1] / chin[2]


def _psnr(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    """How alike two pictures are (dB)."""
    off = (one[where].astype(float) - other[where]) / 255
    return float(-10 * np.log10(np.mean(off**2)))


def _forget(design: Design) -> None:
    """Take out of the user's wardrobe what was made for an evaluation."""
    for one, _ in closet.pieces(design.worn):
        if one.root is not None:
            shutil.rmtree(one.root / one.kind / one.name, ignore_errors=True)
    closet.forget()
