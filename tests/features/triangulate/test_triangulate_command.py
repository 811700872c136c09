"""``doppel triangulate`` as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main
from studio.core.types import CameraRig
from studio.features.triangulate import evaluate
from studio.human.layouts import layout
from studio.media.formats.rigs import write_rig
from studio.media.formats.trc import read_trc
from studio.perception.detector import Person2D
from studio.vision import camera as lens
from studio.vision.ring import ring_rig

COCO = layout("coco_17")
HEIGHTS = np.linspace(1.7, 0.1, 17)


def truth(frames: int) -> np.ndarray:
    """A swarm of 17 points that drifts; a stand-in for a person (frames, 17, 3)."""
    t = np.arange(frames)[:, None] / 30
    i = np.arange(17)[None]
    x = 0.25 * np.where(i % 2, 1, -1) * (i > 0) + 0.1 * t
    return np.stack([x, 0.05 * np.sin(i + t), np.broadcast_to(HEIGHTS, x.shape)], -1)


def write_json(folder: Path, rig: CameraRig, xyz: np.ndarray) -> None:
    for view, camera in enumerate(rig.cameras):
        own = folder / f"cam{view + 1:02d}_json"
        own.mkdir(parents=True)
        for frame, points in enumerate(xyz):
            values = np.column_stack([lens.project(camera, points), np.full(17, 0.9)])
            people = [{"pose_keypoints_2d": values.ravel().tolist()}]
            (own / f"f_{frame:06d}.json").write_text(json.dumps({"people": people}))


@pytest.fixture
def shot(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    """A rig file, a folder of detections, and what they show."""
    rig, xyz = ring_rig(4), truth(6)
    write_rig(tmp_path / "rig.json", rig)
    write_json(tmp_path / "pose", rig, xyz)
    return tmp_path / "rig.json", tmp_path / "pose", xyz


def command(rig: Path, pose: Path, out: Path, *more: str) -> list[str]:
    return ["triangulate", "--rig", str(rig), "--detections", str(pose), "--layout", "coco_17",
            "--out", str(out), *more]  # fmt: skip


def test_what_doppel_pose_wrote_is_triangulated(shot, tmp_path: Path, capsys):
    """The npz has all points, where its JSON has only OpenPose's."""
    from studio.media.formats.detections_npz import write_npz
    from studio.media.formats.openpose import read_detections

    rig, pose, xyz = shot
    write_npz(tmp_path / "detections.npz", read_detections(pose, "coco_17"))
    out = tmp_path / "motion.trc"
    arguments = ["triangulate", "--rig", str(rig), "--detections", str(tmp_path / "detections.npz"),
                 "--out", str(out), "--json"]  # fmt: skip
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 6
    np.testing.assert_allclose(read_trc(out).xyz_m, xyz, atol=2e-3)


@pytest.mark.parametrize("up", ["y", "z"])
def test_detections_become_a_trc(
    shot: tuple[Path, Path, np.ndarray], tmp_path: Path, up: str
) -> None:
    rig, pose, xyz = shot
    out = tmp_path / "walk.trc"
    assert main(command(rig, pose, out, "--rate-hz", "50", "--out-up", up)) == 0
    motion = read_trc(out, up=up)
    assert motion.layout.points == COCO.points
    assert motion.rate_hz == pytest.approx(50)
    assert np.linalg.norm(motion.xyz_m - xyz, axis=-1).max() < 0.003


def test_json_is_one_object_with_the_facts(
    shot: tuple[Path, Path, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig, pose, _ = shot
    assert main(command(rig, pose, tmp_path / "a.csv", "--json", "--filter", "butterworth")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["frames"] == 6
    assert [fact["label"] for fact in told["facts"]] == ["Agreement", "Bone lengths", "Error bar"]
    assert len(told["report"]["cameras"]) == 4
    assert told["report"]["mean_px"] < 0.5


def test_flags_reach_the_engine(
    shot: tuple[Path, Path, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig, pose, _ = shot
    assert main(command(rig, pose, tmp_path / "a.trc", "--min-confidence", "0.95")) == 1
    assert "No point is seen by enough cameras" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--detections", "{pose}", "--out", "x.fbx"], "not a motion file that Doppel writes"),
        (["--out", "x.trc"], "either detections or videos"),
        (["--detections", "{pose}", "--videos", "a.mp4", "--out", "x.trc"], "either detections"),
        (["--detections", "nowhere", "--out", "x.trc"], "no folder"),
    ],
)
def test_mistakes_are_explained(
    shot: tuple[Path, Path, np.ndarray],
    capsys: pytest.CaptureFixture[str],
    arguments: Sequence[str],
    words: str,
) -> None:
    rig, pose, _ = shot
    filled = [argument.format(pose=pose) for argument in arguments]
    assert main(["triangulate", "--rig", str(rig), *filled]) == 1
    assert words in capsys.readouterr().err


class Blobs:
    """A detector of coloured dots: point i of the layout is the dot of brightness 40 + 12 i."""

    layout = COCO
    identity = "blobs"

    def detect(self, rgb: np.ndarray, time_s: float = 0.0) -> tuple[Person2D, ...]:
        xy = np.full((17, 2), np.nan)
        for i in range(17):
            rows, columns = np.nonzero(rgb[..., 0] == 40 + 12 * i)
            if len(rows):
                xy[i] = columns.mean(), rows.mean()
        return (Person2D(COCO, xy, np.isfinite(xy[:, 0]).astype(float)),)

    def follow(self, people: Sequence[Person2D]) -> None:
        pass

    def close(self) -> None:
        pass


def test_videos_become_a_trc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cv2

    import studio.weights.detectors as detectors

    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(detectors, "whole_body", lambda options: Blobs())
    rig, xyz = ring_rig(3, focal_px=300.0, size_px=(260, 260)), truth(3)
    write_rig(tmp_path / "rig.json", rig)
    for camera in rig.cameras:
        folder = tmp_path / camera.name
        folder.mkdir()
        for frame, points in enumerate(xyz):
            picture = np.zeros((260, 260, 3), np.uint8)
            for i, (x, y) in enumerate(lens.project(camera, points)):
                cv2.circle(picture, (round(x), round(y)), 2, (40 + 12 * i,) * 3, -1)
            cv2.imwrite(str(folder / f"{frame:03d}.png"), picture)
    out = tmp_path / "walk.trc"
    folders = [str(tmp_path / name) for name in rig.names]
    arguments = ["--rig", str(tmp_path / "rig.json"), "--out", str(out), "--videos", *folders]
    assert main(["triangulate", *arguments, "--rate-hz", "30"]) == 0
    motion = read_trc(out)
    near = np.linalg.norm(motion.xyz_m - xyz, axis=-1)
    assert np.nanmedian(near) < 0.02
    other = tmp_path / "hips.trc"
    arguments[3] = str(other)
    assert main(["triangulate", *arguments, "--layout", "h36m_17"]) == 0
    assert read_trc(other).layout.points == layout("h36m_17").points


def test_the_table_of_figures_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = evaluate.speed.timings(frames=100)
    monkeypatch.setattr(evaluate.speed, "timings", lambda peers=None: quick)
    evaluate.main()
    told = capsys.readouterr().out
    assert "not measured: the published take is not here" in told
    assert "oracle" in told
    evaluate.main(json=True)
    figures = json.loads(capsys.readouterr().out)
    assert len(figures["simulated"]) == 7


def test_a_published_take_through_the_command(
    footage: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = footage("mv_pose2sim")
    arguments = ["--rig", str(folder / "reference_run_0.10.49" / "Calib_qualisys.toml"),
                 "--detections", str(folder / "single" / "pose"), "--rate-hz", "60",
                 "--out", str(tmp_path / "a.trc"), "--json"]  # fmt: skip
    assert main(["triangulate", *arguments, "--people", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["layout"] == "body_25b"
    assert told["report"]["bone_spread"] < 0.03
    assert told["report"]["mean_px"] < 10.5
    assert told["report"]["suspects"] == []

    # Somebody stands in the background of two cameras; a poster and a model skeleton are nobody.
    assert main(["triangulate", *arguments, "--no-refine"]) == 0
    told = json.loads(capsys.readouterr().out)
    main_one, bystander = told["people"]
    assert main_one["report"]["mean_px"] < 11
    lost = [camera["unseen"] for camera in bystander["report"]["cameras"]]
    assert [share == 1 for share in lost] == [False, False, True, True]
    assert np.nanmax(read_trc(tmp_path / "a_person2.trc").xyz_m[..., 0]) < -3
