from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from studio.core.errors import StudioError
from studio.core.types import Keypoints
from studio.human.bodies.canonical import canonical
from studio.human.bodies.clothed import ClothedField
from studio.human.bodies.fit import Told, fit_body, fitting
from studio.human.bodies.fitted import BodyFit, BodyPhoto, BodyView
from studio.human.bodies.outline import Window, edge_of, matched
from studio.human.designs import change_of, shape_of
from studio.human.names import face_vertices
from studio.human.person import Shape, whole
from studio.human.rig import BONE_NAMES
from studio.vision.camera import in_camera, project
from studio.vision.similarity import similarity
from tests.human.bodies.seen_people import Seen, camera, joints, seen


@cache
def by_points(*photos: BodyPhoto) -> BodyFit:
    """From the points alone: outlines take their time."""
    return next(fitting(photos, Told(height_m=seen().height_m, gender=0.0)))


@torch.no_grad()
def test_a_clothed_man_who_is_made_up_is_found() -> None:
    """One fit, looked at from all sides: the suite has little time."""
    truth = seen(noise_px=1.0, clothes_m=0.012)
    fit = fit_body([truth.photo], Told(height_m=truth.height_m, gender=0.0))
    view = fit.main
    assert fit.height_m == pytest.approx(truth.height_m, abs=0.01)
    rest = whole().rest(shape_of(fit.design), actions=False, change=change_of(fit.design))
    posed = view.posed(rest)
    own = joints(posed.joints_m[0].double().numpy())
    off = np.linalg.norm((own - own.mean(0)) - (truth.joints_m - truth.joints_m.mean(0)), axis=1)
    assert off.mean() < 0.05
    assert view.reprojection_px < 4
    assert view.silhouette_iou > 0.95
    assert view.silhouette_iou >= view.bare_iou
    assert abs(float(posed.vertices_m[0, :13_380, 2].min())) < 0.02  # on the floor
    assert project(view.camera, own)[:, 1] == pytest.approx(project(camera(), truth.joints_m)[:, 1],
                                                            abs=9)  # fmt: skip
    told = fit.offsets_m[np.abs(fit.offsets_m) > 1e-4]
    assert 0.0 < np.median(told) < 0.03
    space = canonical(rest)
    field = ClothedField(space, fit.offsets_m)
    middle = space.vertices_m[:13_380].mean(0)
    assert (field.inside(np.stack([middle, middle + np.array([0, 0.6, 0])])) > 0).tolist() == [
        True,
        False,
    ]


def test_who_stands_alike_in_two_photographs_has_one_pose_and_it_is_better() -> None:
    truth = [seen(noise_px=1.0, yaw=yaw) for yaw in (0.35, 1.7)]

    def off_m(photos: list[Seen]) -> tuple[float, np.ndarray]:
        fit = by_points(*(one.photo for one in photos))
        rest = whole().rest(shape_of(fit.design), actions=False, change=change_of(fit.design))
        found: list[float] = []
        for view, one in zip(fit.views, photos, strict=True):
            own = joints(view.posed(rest).joints_m[0].double().numpy())
            turn, _, shift = similarity(own, one.joints_m, sized=False)
            off = np.linalg.norm(own @ turn.T + shift - one.joints_m, axis=1)
            found.append(float(off.mean()))
        return float(np.mean(found)), np.stack([view.turns_rad[1:] for view in fit.views])

    alone, _ = off_m(truth[:1])
    both, turns = off_m(truth)
    np.testing.assert_allclose(turns[0], turns[1], atol=1e-6)
    assert both < 0.75 * alone
    other = seen(noise_px=1.0, yaw=1.7, bent_deg=110.0)
    _, turns = off_m([truth[0], other])
    assert np.abs(turns[0] - turns[1]).max() > 1.0


@torch.no_grad()
def test_a_head_is_turned_as_its_face_is_seen() -> None:
    """The body's points of the head tell where it looks, too; those of the face tell it better."""
    photo, head = seen(noise_px=1.0, yaw=0.35).photo, BONE_NAMES.index("head")
    plain = by_points(photo).main
    rest = whole().rest(Shape.of(), actions=False)
    turned = plain.turns_rad.copy()
    turned[head, 2] += np.radians(25)
    there = replace(plain, turns_rad=turned).posed(rest)
    marks = np.full((478, 3), np.nan)
    for point in range(468):
        ids = list(face_vertices(f"mesh_{point}"))
        at = there.vertices_m[0, ids].double().numpy().mean(0)[None]
        marks[point] = *project(plain.camera, at)[0], in_camera(plain.camera, at)[0, 2]
    ahead = marks[:, 2].copy()
    marks[:, 2] = (ahead - np.nanmean(ahead)) * plain.camera.matrix[0, 0] / np.nanmean(ahead)

    def off_deg(view: BodyView) -> float:
        looks = view.posed(rest).turns[0, head] @ torch.tensor([0, -1.0, 0])
        wanted = there.turns[0, head] @ torch.tensor([0, -1.0, 0])
        return float(np.degrees(np.arccos(np.clip(float(looks @ wanted), -1, 1))))

    assert off_deg(plain) == pytest.approx(25, abs=1)
    assert off_deg(by_points(replace(photo, face_px=marks)).main) < 5


@torch.no_grad()
def test_who_sits_is_not_taken_for_standing_further_away() -> None:
    truth = seen(yaw=0.1, sits=True)
    fit = next(fitting([truth.photo], Told(height_m=truth.height_m, gender=0.0)))
    rest = whole().rest(shape_of(fit.design), actions=False, change=change_of(fit.design))
    own = joints(fit.main.posed(rest).joints_m[0].double().numpy())
    away = [in_camera(fit.camera, own), in_camera(camera(), truth.joints_m)]
    assert away[0][:, 2].mean() == pytest.approx(away[1][:, 2].mean(), abs=0.035)


def test_what_cannot_be_fitted_is_said_by_name() -> None:
    photo = seen().photo
    with pytest.raises(StudioError, match="There is no photograph"):
        fit_body([])
    with pytest.raises(StudioError, match=r"Nobody is 17 m tall"):
        fit_body([photo], Told(height_m=17.0))
    rng = np.random.default_rng(1)
    keys = photo.keypoints
    nonsense = np.where(np.isfinite(keys.xy_px), 400 * rng.random(keys.xy_px.shape), np.nan)
    wrong = replace(
        photo,
        keypoints=Keypoints("made up", 0.0, keys.layout, nonsense, keys.confidence),
        space_m=None,
    )
    with pytest.raises(StudioError, match="no human body"):
        next(fitting([wrong], Told(gender=0.0)))


def test_outlines_are_paired_where_they_face_the_same_way() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[20:40, 20:40] = 255
    window = Window(0, 0, 60, 60, 1.0)
    edge = edge_of(mask > 0, window)
    larger = np.zeros_like(mask)
    larger[17:43, 17:43] = 255
    to, at = matched(edge_of(larger > 0, window), edge, 8.0)
    wanted = edge_of(larger > 0, window)
    out = ((wanted.xy_px[to] - edge.xy_px[at]) * wanted.normals[to]).sum(1)
    assert np.median(out) == pytest.approx(3.0, abs=0.3)
    right = edge.normals[edge.xy_px[:, 0] > 38.5]
    assert right[:, 0].mean() > 0.9
