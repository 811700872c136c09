"""``doppel calibrate``: files written, figures printed, refusals that name gate and remedy."""

from __future__ import annotations

import errno
import json

import filmed
import numpy as np
import pytest

from studio.cli import main
from studio.core.calibration import Gate
from studio.core.errors import StudioError
from studio.features.calibrate import command
from studio.features.calibrate.engine import _sources as given
from studio.features.calibrate.lenses import from_file
from studio.features.calibrate.offsets import matched, read_offsets
from studio.features.calibrate.result import Inputs
from studio.media.formats.rigs import read_rig
from studio.media.formats.rigs.lenses import read_lenses
from studio.vision.camera import project

STOP = Gate("moved", "Cameras stood still", "stop", "Camera 2 was bumped.", "cam2", "Do it again.")


@pytest.fixture
def quick(monkeypatch, solved):
    """The command on a session that was solved before; returns what it was asked."""
    asked = []

    def known(*gates):
        from dataclasses import replace

        def engine(params, inputs, context):
            asked.append(params)
            yield from ()
            return replace(solved[0], gates=(*gates, *solved[0].gates))

        monkeypatch.setattr(command, "calibrate", engine)
        return asked

    return known


def arguments(session, *more: str) -> list[str]:
    return ["calibrate", *map(str, session.paths), "--board", filmed.SPEC, *more]


def test_from_pictures_to_files_and_figures(session, tmp_path, capsys):
    """The whole way once, unabridged."""
    out, report = tmp_path / "rig.toml", tmp_path / "report.html"
    said = arguments(
        session, "--intrinsics", str(session.lenses), "--refine", "never", "--out", str(out),
        "--report", str(report), "--world", "board", "--floor-at-s", "25", "--json",
    )  # fmt: skip
    assert main(said) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accepted"]
    assert 0 < told["rmse_px"] < 0.5
    assert 0 < told["held_out_px"] < 1
    assert 0 < told["held_out_mm"] < 5
    assert {gate["verdict"] for gate in told["gates"]} <= {"good", "look", "plain"}
    assert set(told["cameras"]) == {"cam1", "cam2", "cam3"}
    assert [c["reference"] for c in told["cameras"].values()].count(True) == 1
    assert told["error_bars"]["noise_px"] == 2
    assert told["error_bars"]["places"][0]["point_sd_mm"] > 0
    second = told["cameras"]["cam2"]
    assert len(second["sd"]["centre_mm"]) == 3
    assert second["sd"]["focal_px"] == [None, None], "held as given"
    found = read_rig(out).rig
    mm, degrees = filmed.apart(found, session.rig)
    assert mm < 2
    assert degrees < 0.08
    assert "Held-out error" in out.read_text()
    assert report.read_text("utf-8").rstrip().endswith("</html>")


@pytest.mark.parametrize(
    "name",
    ["camera_array.toml", "calibration.toml", "Calib_x.toml", "x.qca.txt", "x.yml", "x.xml",
     "calibration_panoptic.json", "x.rig.json", "camera_parameters"],
)  # fmt: skip
def test_every_format_of_rigs_is_written(session, quick, tmp_path, name):
    quick()
    assert main(arguments(session, "--out", str(tmp_path / name))) == 0
    said = {"up": "z", "unit": "m", "size": filmed.SIZE}
    found = read_rig(tmp_path / name, **said).rig
    assert len(found) == 3


def test_a_stopped_calibration_is_not_written(session, quick, tmp_path, capsys):
    quick(STOP)
    out, report = tmp_path / "rig.toml", tmp_path / "report.html"
    assert main(arguments(session, "--out", str(out), "--report", str(report))) == 1
    told = capsys.readouterr().err
    assert "Cameras stood still (camera cam2)" in told
    assert "Do it again." in told
    assert not out.exists()
    assert "Camera 2 was bumped" in report.read_text("utf-8"), "the report says why"


def test_an_override_is_on_record_in_file_and_report(session, quick, tmp_path, capsys):
    quick(STOP)
    out, report = tmp_path / "rig.toml", tmp_path / "report.html"
    said = arguments(
        session, "--out", str(out), "--report", str(report), "--override", "It stood still -->",
        "--json",
    )  # fmt: skip
    assert main(said) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["override"]["gates"] == ["moved"]
    text = out.read_text()
    assert "It stood still" in text
    assert "Camera 2 was bumped" in text
    assert "It stood still" in report.read_text("utf-8")
    assert read_rig(out).rig.names == ("cam1", "cam2", "cam3")


def test_settings_reach_the_engine(session, quick):
    asked = quick()
    said = arguments(
        session, "--between", "cam1", "cam3", "--measured-m", "2.3", "--drop", "cam2",
        "--floor-points", "0:cam1:10,20.5", "2:cam3:1,2",
    )  # fmt: skip
    assert main(said) == 0
    assert asked[0].between == ("cam1", "cam3")
    assert asked[0].drop == ("cam2",)
    assert [(c.point, c.camera, c.x_px, c.y_px) for c in asked[0].points] == [
        (0, "cam1", 10, 20.5),
        (2, "cam3", 1, 2),
    ]
    assert main(arguments(session, "--floor-points", "9:cam1:1,2")) == 1


@pytest.mark.parametrize(("flag", "name"), [("--out", "x.json"), ("--report", "x.html")])
def test_a_full_disk_says_so(session, quick, tmp_path, monkeypatch, capsys, flag, name):
    from pathlib import Path

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    quick()
    monkeypatch.setattr(Path, "write_text", full)
    monkeypatch.setattr("os.fsync", full)
    assert main(arguments(session, flag, str(tmp_path / name))) == 1
    told = capsys.readouterr().err
    assert "No space left on device" in told
    assert "free some space" in told.lower()
    assert "project" not in told


def test_a_place_that_cannot_be_written_is_refused_before_any_work(session, quick, tmp_path):
    asked = quick()
    file = tmp_path / "file"
    file.write_text("")
    assert main(arguments(session, "--out", str(file / "rig.toml"))) == 1
    assert asked == []


@pytest.mark.parametrize(
    ("flag", "name"),
    [("--out", "rig.xyz"), ("--report", "report.pdf"), ("--report", "file/x.html")],
)
def test_a_name_that_tells_no_format_is_refused_before_any_work(
    session, quick, tmp_path, flag, name
):
    asked = quick()
    (tmp_path / "file").write_text("")
    assert main(arguments(session, flag, str(tmp_path / name))) == 1
    assert asked == []


def test_a_stopped_calibration_prints_one_object(session, quick, capsys):
    quick(STOP)
    assert main(arguments(session, "--json")) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["accepted"]
    assert told["rmse_px"] > 0
    assert "Cameras stood still" in told["error"]
    assert told["hint"] == "Do it again."


@pytest.mark.parametrize("fails", ["write_report", "write_rig"])
def test_one_file_that_fails_leaves_the_other(session, quick, tmp_path, monkeypatch, capsys, fails):
    def full(*_: object) -> None:
        raise StudioError("No room.", "Free some.")

    quick()
    monkeypatch.setattr(command, fails, full)
    out, report = tmp_path / "rig.toml", tmp_path / "report.html"
    said = arguments(session, "--out", str(out), "--report", str(report), "--json")
    assert main(said) == 1
    assert out.exists() == (fails == "write_report")
    assert report.exists() == (fails == "write_rig")
    told = json.loads(capsys.readouterr().out)
    assert told["accepted"]
    assert told["error"] == "No room."


def test_the_remedy_for_a_camera_out_of_step_is_a_flag(session, quick, tmp_path, capsys):
    remedy = "Synchronise it by +89 ms and calibrate again."
    quick(Gate("clock", "Clocks in step", "stop", "Camera 2 is late.", "cam2", remedy))
    assert main(arguments(session)) == 1
    assert "--offset cam2=0.089" in capsys.readouterr().err
    file = tmp_path / "offsets.json"
    file.write_text(json.dumps({"cameras": {"cam2": {"offset_s": 0.02}}}))
    assert main(arguments(session, "--offsets", str(file))) == 1
    assert "--offset cam2=0.109" in capsys.readouterr().err


def test_offsets_of_a_file_and_of_flags(tmp_path):
    file = tmp_path / "offsets.json"
    told = {name: {"offset_s": value} for name, value in (("cam1", 0.0), ("cam2", 0.5))}
    file.write_text(json.dumps({"cameras": told}))
    assert read_offsets(file, ["cam2=-0.25"]) == {"cam1": 0.0, "cam2": -0.25}
    assert matched({"1": 0.1}, ["cam1", "cam2"]) == {"cam1": 0.1}
    for said in ("cam2", "=1", "cam2=soon", "cam2=nan"):
        with pytest.raises(StudioError, match="is not an offset"):
            read_offsets(None, [said])
    with pytest.raises(StudioError, match="no camera here"):
        matched({"cam9": 0.1}, ["cam1", "cam2"])
    file.write_text('{"cameras": [1]}')
    with pytest.raises(StudioError, match="tells no offsets"):
        read_offsets(file, [])
    with pytest.raises(StudioError, match="cannot be read"):
        read_offsets(tmp_path / "none.json", [])


def test_offsets_put_the_clips_in_step(session):
    asked = Inputs(offsets_s={"cam2": 0.5})
    found = {s.camera: s.offset_s for s in given(session.params(), asked)}
    assert found == {"cam1": 0.0, "cam2": 0.5, "cam3": 0.0}


def test_lenses_only_of_pictures_that_do_not_belong_together(session, tmp_path, capsys):
    """Each camera's pictures in another order and number; the lens of each is found."""
    apart = []
    for index, path in enumerate(session.paths[:2]):
        folder = tmp_path / f"int_{path.name}_img"
        folder.mkdir()
        pictures = sorted(path.iterdir())[:-1]
        for number, picture in enumerate(pictures[:: -1 if index else 1][index:]):
            (folder / f"{number + 40 * index}.jpg").write_bytes(picture.read_bytes())
        apart.append(str(folder))
    out = tmp_path / "lenses.toml"
    said = [
        "calibrate",
        *apart,
        "--board",
        filmed.SPEC,
        "--lenses-only",
        "--lens",
        "pinhole5",
        "--json",
    ]
    assert main([*said, "--out", str(out), "--override", "a small board"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["cameras"]) == {"int_cam1_img", "int_cam2_img"}
    assert not {gate["id"] for gate in told["gates"]} & {"graph", "scale"}
    for name, lens in read_lenses(out).items():
        sd = told["cameras"][name]["sd"]["focal_px"][0]
        assert abs(lens.matrix[0, 0] - filmed.FOCAL) < max(5 * sd, 2)
    given = from_file(out, {"cam1": filmed.SIZE, "cam2": filmed.SIZE})
    assert given["cam2"].name == "cam2"


def test_a_rig_from_clicked_points(session, tmp_path, capsys):
    random = np.random.default_rng(0)
    points = {f"p{i}": random.uniform([-0.6, -0.4, 0.4], [0.6, 0.4, 1.5]) for i in range(10)}
    scene = {
        "unit": "m",
        "points": {name: xyz.tolist() for name, xyz in points.items()},
        "cameras": {
            camera.name: {
                name: (project(camera, xyz[None])[0] + random.normal(0, 0.3, 2)).tolist()
                for name, xyz in points.items()
            }
            for camera in session.rig.cameras
        },
    }
    path, out, page = tmp_path / "points.json", tmp_path / "rig.toml", tmp_path / "report.html"
    path.write_text(json.dumps(scene))
    said = ["calibrate", "--scene", str(path), "--intrinsics", str(session.lenses), "--json"]
    assert main([*said, "--out", str(out), "--report", str(page)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accepted"]
    assert 0 < told["held_out_mm"] < 5
    found = read_rig(out).rig
    for camera in session.rig.cameras:
        assert np.linalg.norm(found[camera.name].centre_m - camera.centre_m) < 0.01
    assert "10 points of the scene" in page.read_text("utf-8")
    assert main(["calibrate", "--scene", str(path)]) == 1
    assert "--lenses-only" in capsys.readouterr().err
