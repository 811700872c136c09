"""Methods that look at the pictures, methods side by side, and fewer cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from walking_people import COCO, REST

from studio.core.errors import StudioError
from studio.core.types import Camera, CameraRig, Detections
from studio.features.triangulate import pixels
from studio.features.triangulate.compare import METHOD
from studio.features.triangulate.engine import Triangulation, triangulate
from studio.features.triangulate.fewer import CAMERAS, LEFT_OUT, choices, middle, read
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.human.convert import convert
from studio.human.layouts import layout
from studio.jobs import Context, run
from studio.media.films import Film, Films, opened
from studio.perception.views.crop import Box
from studio.perception.views.viewer import Sight
from studio.vision.camera import project
from studio.vision.ring import ring_rig

HALPE = layout("halpe_26")
FRAMES = 5
TRUTH = np.repeat(REST[None], FRAMES, 0) + 0.02 * np.arange(FRAMES)[:, None, None]


class Perfect:
    """Stands in for a network: it knows the truth, and keeps what it was given."""

    layout = HALPE

    def __init__(self) -> None:
        self.boxes: list[Sequence[Box | None]] = []
        self.seen: list[int] = []

    def look(
        self,
        cameras: Sequence[Camera],
        pictures: Sequence[np.ndarray | None],
        boxes: Sequence[Box | None],
    ) -> Sight:
        self.boxes.append(boxes)
        self.seen.append(sum(picture is not None for picture in pictures))
        xyz = convert(TRUTH[len(self.seen) - 1], COCO, HALPE)
        xy = np.stack([project(camera, xyz) for camera in cameras])
        xy += np.random.default_rng(0).normal(0, 1.0, xy.shape)
        known = np.isfinite(xy[..., 0])
        return Sight(xyz, xy, np.where(known, 1.5, np.nan), np.where(known, 0.8, 0.0))


@pytest.fixture
def rig() -> CameraRig:
    return ring_rig(4)


@pytest.fixture
def films(tmp_path: Path, rig: CameraRig) -> Films:
    for camera in rig.cameras:
        (tmp_path / camera.name).mkdir()
        for frame in range(FRAMES):
            picture = np.full((48, 64, 3), 40 * frame, np.uint8)
            cv2.imwrite(str(tmp_path / camera.name / f"{frame:03d}.png"), picture)
    return Films(tuple(Film(c.name, tmp_path / c.name, rate_hz=30) for c in rig.cameras))


def take(rig: CameraRig) -> Detections:
    xy = np.stack([project(camera, TRUTH) for camera in rig.cameras], 1)
    return Detections(rig.names, np.arange(FRAMES) / 30, COCO, xy, np.full(xy.shape[:3], 0.9))


def solve(inputs: Inputs, **params: object) -> Triangulation:
    return run(triangulate(Params.model_validate(params), inputs, Context()))


@pytest.mark.parametrize("method", pixels.LEARNED)
@pytest.mark.parametrize("refine", [False, True])
def test_a_network_looks_at_the_person_in_every_frame(
    rig: CameraRig, films: Films, method: str, refine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = Perfect()
    monkeypatch.setattr(pixels.Viewer, "load", lambda way: viewer)
    found = take(rig)
    found.confidence[3, 1] = 0.0
    result = solve(Inputs(rig, found, films=films), method=method, refine=refine)
    motion = result.motion
    assert viewer.seen == [4] * FRAMES
    assert motion.layout.name == "halpe_26"
    off = np.linalg.norm(convert(motion.xyz_m, HALPE, COCO) - TRUTH, axis=-1)
    assert np.nanmean(off) < 0.01
    assert (motion.views[:, :17] == 4).mean() > 0.9
    left, top, right, bottom = viewer.boxes[0][0] or (0, 0, 0, 0)
    x, y = found.xy_px[0, 0].T
    assert left < x.min() < x.max() < right
    assert top < y.min() < y.max() < bottom
    lost = viewer.boxes[3][1]
    assert lost is not None
    x, y = found.xy_px[3, 1].T
    assert (lost[0], lost[3]) == pytest.approx((x.min(), y.max()), abs=40)


def test_without_pictures_it_is_said_what_to_do(rig: CameraRig, films: Films) -> None:
    with pytest.raises(StudioError, match="looks at the pictures") as told:
        solve(Inputs(rig, take(rig)), method="algebraic")
    assert "videos" in told.value.hint
    strangers = Films(tuple(Film(f"other{k}", f.path, rate_hz=30) for k, f in
                            enumerate(films.films)))  # fmt: skip
    with pytest.raises(StudioError, match="Fewer than two videos"):
        solve(Inputs(rig, take(rig), films=strangers), method="algebraic")


def test_methods_and_fewer_cameras_are_told_side_by_side(rig: CameraRig) -> None:
    found = take(rig)
    found.xy_px[:] += np.random.default_rng(1).normal(0, 2.0, found.xy_px.shape)
    result = solve(Inputs(rig, found), compare=True)
    methods = [f for f in result.facts if f.label.startswith(METHOD)]
    assert [f.label for f in methods] == [f"{METHOD}{m}" for m in ("weighted", "ransac", "dlt")]
    pixels_off = [float(f.text.split(" px")[0]) for f in methods]
    assert all(1.0 < off < 4.0 for off in pixels_off)
    curve = next(f.text for f in result.facts if f.label == f"{CAMERAS}weighted")
    off = [float(cell.split()[1]) for cell in curve.split(", ")]
    assert curve.startswith("2: ")
    assert len(off) == 2
    assert off[0] > off[1] > 0
    assert read(curve) == {2: off[0], 3: off[1]}
    told = next(f.text for f in result.facts if f.label == f"{LEFT_OUT}weighted")
    seen = read(told)
    assert set(seen) == {2, 3}
    assert seen[2] > seen[3] > 2.0  # what was left out is off by its own noise, at least


def test_networks_look_with_fewer_cameras_at_a_part_of_the_take(
    rig: CameraRig, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewers: list[Perfect] = []

    def load(way: str) -> Perfect:
        viewers.append(Perfect())
        return viewers[-1]

    monkeypatch.setattr(pixels.Viewer, "load", load)
    result = solve(Inputs(rig, take(rig), films=films), compare=True)
    for method in pixels.LEARNED:
        told = next(f.text for f in result.facts if f.label == f"{LEFT_OUT}{method}")
        assert set(read(told)) == {2, 3}
    assert sorted({viewer.seen[0] for viewer in viewers}) == [2, 3, 4]
    assert len(viewers) == 2 * (1 + 3 + 3)


def test_the_middle_of_a_take_is_cut_from_detections_and_films_alike(
    rig: CameraRig, films: Films
) -> None:
    inputs = middle(Inputs(rig, take(rig), films=films), 3)
    np.testing.assert_allclose(inputs.detections.times_s, np.arange(1, 4) / 30)
    assert inputs.films is not None
    with opened(inputs.films) as sets:
        np.testing.assert_allclose([f.time_s for f in sets], inputs.detections.times_s, atol=1e-6)


def test_some_choices_of_every_number_of_cameras() -> None:
    every = list(choices(5))
    assert {len(one) for one in every} == {2, 3, 4}
    assert max(sum(len(one) == count for one in every) for count in (2, 3, 4)) == 6
    assert len(set(every)) == len(every)
    assert list(choices(2)) == []


def test_the_volumetric_network_does_with_one_camera(
    rig: CameraRig, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = Perfect()
    monkeypatch.setattr(pixels.Viewer, "load", lambda way: viewer)
    found = take(rig)
    one = replace(
        found, cameras=rig.names[1:2], xy_px=found.xy_px[:, 1:2],
        confidence=found.confidence[:, 1:2],
    )  # fmt: skip
    alone = Inputs(rig, one, films=Films(films.films[1:2]))
    result = solve(alone, method="volumetric", compare=True)
    off = np.linalg.norm(convert(result.motion.xyz_m, HALPE, COCO) - TRUTH, axis=-1)
    assert np.nanmean(off) < 0.01
    assert viewer.seen == [1] * FRAMES
    assert (result.motion.views[:, :17] == 1).all()
    assert pixels.ALONE in result.notes
    facts = {fact.label: fact for fact in result.facts}
    assert facts["Agreement"].text.startswith("1 camera,")
    assert facts["Error bar"].text.startswith("unknown, ")
    with pytest.raises(StudioError, match="two cameras in common"):
        solve(alone, method="algebraic")
    with pytest.raises(StudioError, match="No video belongs"):
        solve(Inputs(rig, one, films=Films((replace(films.films[0], camera="x"),))),
              method="volumetric")  # fmt: skip
