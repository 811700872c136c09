"""Synchronising films, sounds, recorder's times and keypoints whose clocks are known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main
from studio.core.errors import StudioError
from studio.document.folder import ProjectFolder
from studio.document.project import Clip, Project, TakeItem
from studio.features.synchronise.engine import synchronise
from studio.features.synchronise.inputs import Inputs, Source, Synchronised
from studio.features.synchronise.params import Params
from studio.features.synchronise.simulate import Clock, film, make_scene, see
from studio.features.synchronise.step import Step
from studio.jobs import Context, run
from studio.media.sync import FrameSets
from studio.media.video import open_clip
from studio.media.writer import VideoWriter

CLOCKS = (Clock(0.0), Clock(0.7345), Clock(0.31), Clock(1.017))
TRUE = np.array([clock.offset_s for clock in CLOCKS])


def solve(inputs: Inputs, **params: object) -> Synchronised:
    return run(synchronise(Params(**params), inputs, Context()))


def sources(paths: list[Path]) -> Inputs:
    return Inputs(tuple(Source(path.stem, path) for path in paths))


def off_ms(result: Synchronised, true: np.ndarray = TRUE) -> float:
    off = result.clocks.offsets_s - true
    return float(1000 * np.abs(off - off.mean()).max())


@pytest.fixture(scope="module")
def lamp(tmp_path_factory) -> list[Path]:
    scene = make_scene(6, lamp_s=(2.5, 4.137))
    return film(tmp_path_factory.mktemp("lamp"), scene, CLOCKS, 6.0)


@pytest.fixture(scope="module")
def clap(tmp_path_factory) -> list[Path]:
    scene = make_scene(6, claps_s=(2.5, 3.1))
    return film(tmp_path_factory.mktemp("clap"), scene, CLOCKS, 6.0)


def test_flash(lamp):
    result = solve(sources(lamp), method="flash")
    assert off_ms(result) < 2
    assert result.facts[0].verdict in ("good", "look")


def test_clap(clap):
    result = solve(sources(clap), method="clap", keypoints=False)
    assert result.method == "the sound"
    assert off_ms(result) < 5
    assert result.facts[0].verdict == "good"


def test_auto_takes_what_is_sure(lamp, clap):
    assert solve(sources(lamp), keypoints=False).method == "a flash"
    assert solve(sources(clap), keypoints=False).method == "the sound"


@pytest.mark.parametrize("seed", range(3))
def test_motion_of_keypoints(seed):
    rig, found = see(make_scene(8, seed), CLOCKS, 8.0, seed=seed)
    alone = solve(Inputs((), None, found), method="motion")
    exact = solve(Inputs((), rig, found), method="motion")
    assert off_ms(alone) < 3
    assert off_ms(exact) < 1
    assert exact.facts[0].verdict == "good"
    assert "residual" in exact.facts[0].text


def test_drift_is_mended():
    clocks = (Clock(), Clock(0.7, 1 + 90e-6), Clock(0.3))
    rig, found = see(make_scene(90), clocks, 90.0)
    result = solve(Inputs((), rig, found), method="motion")
    pace = np.log(result.clocks.pace)
    assert 1e6 * (pace[1] - pace[0]) == pytest.approx(90, abs=15)
    assert "drift apart" in result.facts[2].text


def test_even_steps_are_refused_with_a_remedy():
    _, found = see(make_scene(8, period_s=1.1), CLOCKS, 8.0)
    with pytest.raises(StudioError, match="another shift") as error:
        solve(Inputs((), None, found), method="motion")
    assert "Clap once in view of all cameras" in error.value.hint


def test_nothing_to_see_is_refused(tmp_path):
    grey = np.full((64, 96, 3), 90, np.uint8)
    for name in ("cam1", "cam2"):
        with VideoWriter(tmp_path / f"{name}.mp4", (96, 64), 30) as writer:
            for _ in range(40):
                writer.write(grey)
    paths = [tmp_path / "cam1.mp4", tmp_path / "cam2.mp4"]
    for method, why in (("flash", "no flash"), ("clap", "no sound"), ("timestamps", "time stamps")):
        with pytest.raises(StudioError, match=why) as error:
            solve(sources(paths), method=method, keypoints=False)
        assert "Clap once" in error.value.hint


def test_one_camera_is_refused(lamp):
    with pytest.raises(StudioError, match="One camera"):
        solve(sources(lamp[:1]))


def stamp(folder: Path, times: dict[str, np.ndarray]) -> None:
    rows = ["sync_index,cam_id,frame_time"]
    rows += [f"{i},{cam},{t:.6f}" for cam, ts in times.items() for i, t in enumerate(ts)]
    (folder / "timestamps.csv").write_text("\n".join(rows) + "\n")


def test_time_stamps_and_missed_frames(lamp, tmp_path):
    """A camera that missed three frames: its sets are blank, and the rest stays in step."""
    for path in lamp[:2]:
        shutil.copy(path, tmp_path)
    with open_clip(lamp[0]) as one, open_clip(lamp[1]) as other:
        counts = one.frames, other.frames
    beat = np.arange(counts[0] + 3) / 30
    late = np.delete(beat, [40, 41, 42])
    stamp(tmp_path, {"1": 500 + late, "2": 500.25 + np.arange(counts[1]) / 30})
    paths = [tmp_path / path.name for path in lamp[:2]]
    result = solve(sources(paths))
    assert result.method == "the recorder's time stamps"
    assert result.clocks.offsets_s == pytest.approx([0, 0.25])
    assert any(f.label == "Missed frames" and "missed 3" in f.text for f in result.facts)
    with open_clip(paths[0]) as one, open_clip(paths[1]) as other:
        offsets = dict(zip(("cam1", "cam2"), result.clocks.offsets_s, strict=True))
        sets = FrameSets((one, other), offsets)
        plan = sets.plan()
    assert (plan["cam1"][40:43] == -1).all()
    assert plan["cam1"][43] == 40
    assert plan["cam2"][43] == pytest.approx(43 - 7.5, abs=0.51)


@pytest.mark.parametrize(
    ("times", "why"),
    [
        ({"1": np.arange(5.0), "2": np.arange(5.0)}, "time stamps"),
        ({"1": np.arange(9.0)}, "no time"),
    ],
)
def test_time_stamps_that_do_not_fit(lamp, tmp_path, times, why):
    for path in lamp[:2]:
        shutil.copy(path, tmp_path)
    stamp(tmp_path, times)
    with pytest.raises(StudioError, match=why):
        solve(sources([tmp_path / p.name for p in lamp[:2]]), method="timestamps")


def test_damaged_time_stamps_are_told_and_left(lamp, tmp_path):
    path = Path(shutil.copy(lamp[0], tmp_path))
    (tmp_path / "timestamps.csv").write_text("cam_id,frame_time\n1,2\n1,1\n")
    with open_clip(path) as clip:
        assert clip.rate_hz == pytest.approx(30, rel=0.01)
        assert any("do not increase" in note for note in clip.notes)


def test_step_makes_a_new_version_of_the_take(clap, tmp_path):
    folder = ProjectFolder(tmp_path / "p.doppel")
    clips = tuple(
        Clip(camera=p.stem, path=str(p), size_px=(160, 120), rate_hz=30, frames=100) for p in clap
    )
    take = TakeItem(name="Take", clips=clips)
    project = Project(items=(take,))
    step = Step()
    assert step.missing(project, ()) == ()
    inputs = step.inputs(project, (), folder.assets)
    params = Params(method="clap", keypoints=False)
    result = run(synchronise(params, inputs, Context()))
    packed = step.pack(inputs, params, result, folder.assets, 1.0)
    (item,) = packed.items
    assert isinstance(item, TakeItem)
    assert item.id == take.id
    assert [c.offset_s for c in item.clips] == pytest.approx(TRUE, abs=0.006)
    assert len(project.with_items(packed.items).items) == 1
    assert item.curves is not None
    arrays = folder.assets.arrays(item.curves)
    assert arrays["cam1:before"].tolist() == [0.0, 1.0]
    assert len(arrays["cam2:values"]) == len(arrays["cam2:times_s"])
    assert packed.facts[0].text.startswith("4 cameras, residual")


def test_step_says_what_is_missing(tmp_path):
    one = Clip(camera="a", path="a.mp4", size_px=(8, 8), rate_hz=30, frames=9)
    project = Project(items=(TakeItem(name="t", clips=(one,)),))
    assert Step().missing(project, ())[0].action == "capture"


def test_command(lamp, tmp_path, capsys):
    out = tmp_path / "sync.json"
    told = main(["synchronise", *map(str, lamp), "--method", "flash", "--out", str(out), "--json"])
    assert told == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == json.loads(out.read_text())
    assert [c["offset_s"] for c in answer["cameras"].values()] == pytest.approx(TRUE, abs=0.003)
    assert answer["residual_ms"] is not None
    assert main(["synchronise", "--json"]) == 1
    assert "nothing to synchronise" in capsys.readouterr().out


def test_a_real_take_that_was_cut_apart(footage):
    """The take is synchronised in hardware; cameras are cut by whole frames and found again."""
    from studio.media.formats.openpose import read_detections
    from studio.media.formats.rigs import read_rig

    folder = footage("mv_pose2sim")
    rig = read_rig(folder / "calibration" / "Calib.qca.txt").rig
    found = read_detections(folder / "single" / "pose", None, rate_hz=60.0)
    cut = np.array([0, 7, 3, 11])
    length = len(found.times_s) - cut.max()
    moved = type(found)(
        found.cameras, found.times_s[:length], found.layout,
        np.stack([found.xy_px[c : c + length, v] for v, c in enumerate(cut)], 1),
        np.stack([found.confidence[c : c + length, v] for v, c in enumerate(cut)], 1),
    )  # fmt: skip
    result = solve(Inputs((), rig, moved), method="motion")
    assert off_ms(result, cut / 60) < 5
    assert result.clocks.error_s < 0.005


def test_a_real_recording_with_its_time_stamps(footage):
    folder = footage("calib_caliscope") / "sessions" / "4_cam_recording" / "calibration"
    paths = sorted((folder / "extrinsic").glob("cam_*.mp4"))
    result = solve(sources(paths))
    assert result.method == "the recorder's time stamps"
    assert np.ptp(result.clocks.offsets_s) == pytest.approx(0.0106, abs=0.001)
    with open_clip(paths[0]) as clip:
        assert clip.times_s[-1] == pytest.approx(7.825, abs=0.02)
