"""Marker formats: what is written is read back, by our readers and by others'."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core import frames
from studio.core.errors import StudioError
from studio.core.types import Motion
from studio.media.formats.c3d import read_c3d, write_c3d
from studio.media.formats.csv_points import read_csv, write_csv
from studio.media.formats.points import marker_layout, motion_of, with_layout
from studio.media.formats.trc import read_trc, write_trc


def take(
    frames_: int, points: int, seed: int = 0, rate: float = 60.0, holes: float = 0.2
) -> Motion:
    rng = np.random.default_rng(seed)
    xyz = rng.normal(0, 1.5, (frames_, points, 3))
    xyz[rng.random((frames_, points)) < holes] = np.nan
    xyz[0, 0] = xyz[-1, -1] = 0.5
    names = [f"Point {i}" if i % 2 else f"Élan{i}" for i in range(points)]
    return motion_of(marker_layout(names), np.arange(frames_) / rate, xyz)


sizes = st.tuples(st.integers(1, 12), st.integers(1, 9), st.integers(0, 1000))
ups = st.sampled_from(["x", "y", "z", "-x", "-y", "-z"])


@settings(max_examples=30, deadline=None)
@given(sizes, ups, st.sampled_from(["m", "cm", "mm"]))
def test_trc_round_trip(tmp_path_factory: pytest.TempPathFactory, size, up, unit) -> None:
    path = tmp_path_factory.mktemp("trc") / "take.trc"
    motion = take(*size)
    write_trc(path, motion, up, unit)
    back = read_trc(path, up)
    assert back.layout.points == motion.layout.points
    np.testing.assert_allclose(back.xyz_m, motion.xyz_m, atol=6e-7)
    np.testing.assert_allclose(back.times_s, motion.times_s, atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(sizes, ups, st.sampled_from(["m", "mm"]), st.sampled_from(["long", "wide"]))
def test_csv_round_trip(tmp_path_factory: pytest.TempPathFactory, size, up, unit, shape) -> None:
    path = tmp_path_factory.mktemp("csv") / "take.csv"
    motion = take(*size)
    write_csv(path, motion, shape, up, unit)
    back = with_layout(read_csv(path, up), motion.layout)
    np.testing.assert_allclose(back.xyz_m, motion.xyz_m, atol=1e-7)
    np.testing.assert_allclose(back.times_s, motion.times_s, atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(sizes, ups)
def test_c3d_round_trip(tmp_path_factory: pytest.TempPathFactory, size, up) -> None:
    path = tmp_path_factory.mktemp("c3d") / "take.c3d"
    motion = take(*size)
    write_c3d(path, motion, up)
    back = read_c3d(path)
    assert back.layout.points == motion.layout.points
    np.testing.assert_allclose(back.xyz_m, motion.xyz_m, atol=1e-6)


@pytest.mark.parametrize("points", [1, 21, 255, 256, 553])
def test_ezc3d_reads_what_we_write(tmp_path: Path, points: int) -> None:
    motion = take(40, points, rate=59.94)
    motion.error_m[:] = 0.004
    write_c3d(tmp_path / "take.c3d", motion, "y")
    c3d = ezc3d.c3d(str(tmp_path / "take.c3d"))
    point = c3d["parameters"]["POINT"]
    assert point["UNITS"]["value"] == ["mm"]
    labels = [name for key in ("LABELS", "LABELS2", "LABELS3") if key in point
              for name in point[key]["value"]]  # fmt: skip
    assert labels == list(motion.layout.points)
    assert c3d["header"]["points"]["frame_rate"] == pytest.approx(59.94, rel=1e-6)
    theirs = c3d["data"]["points"][:3].transpose(2, 1, 0)
    ours = frames.points_from_world(motion.xyz_m, "y", "mm")
    np.testing.assert_allclose(theirs, ours, atol=1e-3)
    residuals = c3d["data"]["meta_points"]["residuals"][0].T
    seen = np.isfinite(ours).all(-1)
    assert (residuals[seen] >= 0).all()
    assert (residuals[~seen] < 0).all()


def test_c3d_residuals_are_the_low_byte_times_the_scale(tmp_path: Path) -> None:
    """As c3d.org has it (ezc3d takes the camera byte for the residual, so it cannot judge)."""
    motion = take(40, 21)
    motion.error_m[:] = 0.004
    motion.filled[3] = True
    write_c3d(tmp_path / "take.c3d", motion)
    back = read_c3d(tmp_path / "take.c3d")
    seen = np.isfinite(motion.xyz_m).all(-1)
    np.testing.assert_allclose(back.error_m[seen & ~motion.filled], 0.004, atol=1e-4)
    assert np.isnan(back.error_m[3]).all()
    assert np.isnan(back.error_m[~seen]).all()


def test_we_read_what_ezc3d_writes(tmp_path: Path) -> None:
    motion = take(25, 5, holes=0)
    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = list(motion.layout.points)
    mm = np.ones((4, 5, 25))
    mm[:3] = (motion.xyz_m * 1000).transpose(2, 1, 0)
    c3d["data"]["points"] = mm
    c3d.write(str(tmp_path / "theirs.c3d"))
    back = read_c3d(tmp_path / "theirs.c3d", "z")
    np.testing.assert_allclose(back.xyz_m, motion.xyz_m, atol=1e-6)
    assert back.rate_hz == pytest.approx(100)


def test_c3d_longer_than_its_16_bit_counter(tmp_path: Path) -> None:
    motion = take(70_000, 1, holes=0)
    write_c3d(tmp_path / "long.c3d", motion)
    assert len(read_c3d(tmp_path / "long.c3d")) == 70_000


def test_trc_published_file(footage) -> None:
    path = footage("mv_pose2sim") / "reference_run_0.10.49" / "single_0-99.trc"
    motion = read_trc(path)
    assert (len(motion), len(motion.layout)) == (100, 21)
    assert motion.rate_hz == pytest.approx(60, rel=1e-6)
    raw = np.loadtxt(path, skiprows=5)
    np.testing.assert_allclose(
        frames.points_from_world(motion.xyz_m, "lab").reshape(100, -1), raw[:, 2:], atol=1e-12
    )
    nose, knee = motion.layout.index("Nose"), motion.layout.index("RKnee")
    assert np.median(motion.xyz_m[:, nose, 2] - motion.xyz_m[:, knee, 2]) > 0.8


def test_trc_is_what_opensim_expects(tmp_path: Path) -> None:
    motion = take(3, 2, holes=0)
    motion.xyz_m[1, 1] = np.nan
    write_trc(tmp_path / "take.trc", motion, unit="mm")
    lines = (tmp_path / "take.trc").read_text("utf-8").split("\n")
    assert lines[0].split("\t")[:3] == ["PathFileType", "4", "(X/Y/Z)"]
    assert lines[2].split("\t") == ["60", "60", "3", "2", "mm", "60", "1", "3"]
    assert lines[3].split("\t") == ["Frame#", "Time", "Élan0", "", "", "Point 1", "", ""]
    assert lines[4].split("\t") == ["", "", "X1", "Y1", "Z1", "X2", "Y2", "Z2"]
    assert lines[5] == ""
    assert all(len(line.split("\t")) == 8 for line in lines[6:9])
    assert lines[7].endswith("\t\t\t")


def test_caliscope_csv(tmp_path: Path) -> None:
    path = tmp_path / "xyz.csv"
    path.write_text("sync_index,point_id,x_coord,y_coord,z_coord,frame_time\n"
                    "4,0,1,2,3,0.5\n4,7,4,5,6,0.5\n6,0,7,8,9,0.7\n")  # fmt: skip
    motion = read_csv(path)
    assert motion.layout.points == ("0", "7")
    np.testing.assert_allclose(motion.times_s, [0.5, 0.6, 0.7])
    np.testing.assert_array_equal(motion.xyz_m[2, 0], [7, 8, 9])
    assert np.isnan(motion.xyz_m[1]).all()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.trc", "hello", "not a TRC"),
        ("a.trc", "PathFileType\nUnits\nyd\nFrame#\tTime\tA\n\t\tX1\n1\t0\t1\t2\t3\n", "yd"),
        ("a.trc", "PathFileType\nUnits\nm\nFrame#\tTime\tA\n\t\tX1\n1\t0\t1\tb\t3\n", "Line 6"),
        ("a.trc", "PathFileType\nUnits\nm\nFrame#\tTime\tA\n\t\tX1\n", "no frames"),
        ("a.csv", "a,b\n1,2\n", "not understood"),
        ("a.csv", "frame,time_s,A_x_m,A_y_m,A_z_m\n0,0,1,2\n", "Row 2"),
        ("a.csv", "frame,time_s,A_x_m,A_y_m,A_z_m\n0,0,1,2,oak\n", "oak"),
        ("a.csv", "frame,time_s,A_x_m,A_y_m,A_z_m\n0,1,1,2,3\n1,1,1,2,3\n", "do not increase"),
        ("a.c3d", "not really a C3D file" * 99, "not a C3D"),
        ("a.c3d", "", "not a C3D"),
    ],
)  # fmt: skip
def test_bad_files_are_explained(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    reader = {"trc": read_trc, "csv": read_csv, "c3d": read_c3d}[name[-3:]]
    with pytest.raises(StudioError, match=says):
        reader(path)


def test_a_truncated_c3d_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "take.c3d"
    write_c3d(path, take(50, 20))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(StudioError, match="ends before"):
        read_c3d(path)


@pytest.mark.parametrize("write", [write_trc, write_csv, write_c3d])
def test_nothing_is_not_written(tmp_path: Path, write) -> None:
    empty = motion_of(marker_layout(["A"]), np.zeros(0), np.zeros((0, 1, 3)))
    with pytest.raises(StudioError, match="no frames"):
        write(tmp_path / "a", empty)
    with pytest.raises(StudioError, match="no points"):
        write(tmp_path / "a", motion_of(marker_layout([]), np.zeros(1), np.zeros((1, 0, 3))))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rate", [0.01, 29.97, 10_000.0])
def test_odd_rates_survive(tmp_path: Path, rate: float) -> None:
    motion = take(20, 2, rate=rate, holes=0)
    write_trc(tmp_path / "a.trc", motion)
    write_csv(tmp_path / "a.csv", motion)
    write_c3d(tmp_path / "a.c3d", motion)
    for back in (read_trc(tmp_path / "a.trc"), read_csv(tmp_path / "a.csv"),
                 read_c3d(tmp_path / "a.c3d")):  # fmt: skip
        assert back.rate_hz == pytest.approx(rate, rel=1e-5)


def test_one_frame_and_names_of_all_scripts(tmp_path: Path) -> None:
    names = ["左手首", "кисть", "x" * 200, "a b", "é" * 70]
    motion = motion_of(marker_layout(names), np.zeros(1), np.ones((1, 5, 3)))
    write_c3d(tmp_path / "a.c3d", motion)
    write_trc(tmp_path / "a.trc", motion)
    assert read_trc(tmp_path / "a.trc").layout.points == tuple(names)
    short = read_c3d(tmp_path / "a.c3d").layout.points
    assert all(name.startswith(cut) for name, cut in zip(names, short, strict=True))
    assert short[:2] == tuple(names[:2])


def test_too_many_points_for_c3d_are_said(tmp_path: Path) -> None:
    motion = motion_of(marker_layout([f"{k:0100}" for k in range(2000)]), np.zeros(1),
                       np.ones((1, 2000, 3)))  # fmt: skip
    with pytest.raises(StudioError, match="2000 points"):
        write_c3d(tmp_path / "a.c3d", motion)


def test_trc_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    """Half a file is told from one whose last line merely lacks its end."""
    whole, cut = tmp_path / "whole.trc", tmp_path / "cut.trc"
    write_trc(whole, take(20, 3))
    text = whole.read_text("utf-8")
    cut.write_text(text[: int(0.6 * len(text))], "utf-8")
    with pytest.raises(StudioError, match=r"cut off: it holds \d+ of 20 frames"):
        read_trc(cut)
    cut.write_text(text.rstrip("\n"), "utf-8")
    assert len(read_trc(cut)) == 20
