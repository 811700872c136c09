"""Recording as a feature: from files as cameras to a take, as a step and as a command."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main as doppel
from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import CameraItem, Project, RigItem, TakeItem
from studio.features.record.engine import Inputs, record, words
from studio.features.record.params import Params
from studio.features.record.step import Step
from studio.jobs import Context, run
from studio.media.recording.recorder import RecordingStats
from studio.media.recording.take import list_takes
from studio.media.recording.track import TrackStats
from studio.media.video import open_clip
from studio.media.writer import VideoWriter


@pytest.fixture
def films(tmp_path: Path) -> tuple[str, ...]:
    made = []
    for name in ("a", "b"):
        with VideoWriter(tmp_path / f"{name}.mp4", (96, 64), 30.0) as writer:
            for number in range(90):
                writer.write(np.full((64, 96, 3), 40 + number, np.uint8))
        made.append(str(tmp_path / f"{name}.mp4"))
    return tuple(made)


def rig(*names: str) -> RigItem:
    cameras = tuple(
        CameraItem(
            name=name, size_px=(96, 64), matrix=((90, 0, 48), (0, 90, 32), (0, 0, 1)),
            rotation=((1, 0, 0), (0, 1, 0), (0, 0, 1)), translation_m=(0, 0, 1),
        )
        for name in names
    )  # fmt: skip
    return RigItem(name="Rig", cameras=cameras)


def test_a_take_of_files_holds_every_frame(films, tmp_path):
    live: list[RecordingStats] = []
    params = Params(sources=films, folder=tmp_path / "takes", name="Walk", seconds=1.0)
    step, assets = Step(), Assets(tmp_path / "assets")
    inputs = Inputs(None, rig("a", "b"))
    result = run(record(params, inputs, Context()), live.append)
    assert len(live) >= 3
    assert result.take.finished
    assert result.take.complete
    packed = step.pack(inputs, params, result, assets, 1.0)
    (item,) = packed.items
    assert isinstance(item, TakeItem)
    assert item.name == "Walk"
    assert item.rig == inputs.rig.id
    assert [clip.camera for clip in item.clips] == ["a", "b"]
    for clip in item.clips:
        assert clip.rate_hz == pytest.approx(30, abs=0.5)
        with open_clip(Path(clip.path)) as reader:
            assert reader.frames == clip.frames
    assert [fact.label for fact in packed.facts[:3]] == ["Take", "Missing frames", "Slowest camera"]
    assert all(fact.verdict == "good" for fact in packed.facts[:3])


def test_a_take_of_other_cameras_is_not_linked_with_the_rig(films, tmp_path):
    params = Params(sources=films, folder=tmp_path / "takes", seconds=0.3)
    inputs = Inputs(None, rig("a", "c"))
    result = run(record(params, inputs, Context()))
    (item,) = Step().pack(inputs, params, result, Assets(tmp_path), 1.0).items
    assert item.rig is None


def test_it_goes_on_until_asked_to_finish(films, tmp_path):
    context = Context()
    engine = record(Params(sources=films[:1], folder=tmp_path / "takes"), Inputs(), context)
    seen = []

    def each(stats):
        seen.append(stats)
        if stats.seconds > 0.5:
            context.finish()

    result = run(engine, each)
    assert 0.5 < result.take.duration_s < 3
    assert seen[-1].cameras["a"].frames > 5


def test_a_cancelled_take_stays_on_disk(films, tmp_path):
    engine = record(Params(sources=films[:1], folder=tmp_path / "takes"), Inputs(), Context())
    next(engine)
    time.sleep(0.3)
    engine.close()
    ((_, take),) = list_takes(tmp_path / "takes")
    assert take.finished
    assert take.cameras[0].frames > 0


def test_a_camera_that_does_not_open_is_named(films, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    params = Params(sources=(films[0], str(broken)), folder=tmp_path / "takes", seconds=0.3)
    result = run(record(params, Inputs(), Context()))
    assert len(result.absent) == 1
    assert "broken" in result.absent[0]
    facts = Step().pack(Inputs(), params, result, Assets(tmp_path), 1.0).facts
    assert facts[0].verdict == "look"
    assert "broken" in facts[0].blame
    with pytest.raises(StudioError, match="broken"):
        run(record(Params(sources=(str(broken),), folder=tmp_path / "takes"), Inputs(), Context()))


def test_no_camera_at_all_is_said(tmp_path):
    with pytest.raises(StudioError, match="No camera was named"):
        run(record(Params(folder=tmp_path), Inputs(), Context()))


def test_a_line_on_how_it_fares():
    track = TrackStats(30, 2, 1, 0.0, 1000, 0.0, True)
    stats = RecordingStats(72.4, 1000, 42.4, {"a": track, "b": track}, ())
    assert words(stats) == "1:12 · 6 frames missing · room for 42 min"
    assert words(RecordingStats(1, 1, float("inf"), {}, ())) == "0:01 · no frame missing"
    assert words(RecordingStats(1, 1, 900.0, {}, ())).endswith("room for 15 h")


def test_the_step_takes_the_accepted_rig(tmp_path):
    project = Project().with_items([rig("a"), rig("b").model_copy(update={"accepted": False})])
    step = Step()
    assert step.missing(project, ()) == ()
    assert step.inputs(project, (), Assets(tmp_path)).rig == project.items[0]


def test_the_command_prints_rates_and_drops(films, tmp_path, capsys):
    out = tmp_path / "takes"
    assert doppel(["record", *films, "--out", str(out), "--seconds", "0.6", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [camera["name"] for camera in told["cameras"]] == ["a", "b"]
    assert all(c["dropped"] == 0 and c["frames"] > 10 for c in told["cameras"])
    assert told["cameras"][0]["rate_hz"] == pytest.approx(30, abs=0.5)
    assert Path(told["folder"]).parent == out
    assert doppel(["record", films[0], "--out", str(out), "--seconds", "0.3"]) == 0
    assert "0.3 s in" in capsys.readouterr().out


def test_interrupting_the_command_keeps_the_take(films, tmp_path, capsys):
    main = threading.main_thread().ident
    timer = threading.Timer(1.5, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    assert doppel(["record", films[0], "--out", str(tmp_path / "takes"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cameras"][0]["frames"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "No camera was named"), (["/no/such.mp4"], "There is no"), (["ftp://x"], "understood")],
)
def test_the_command_explains_what_is_wrong(arguments, said, tmp_path, capsys):
    assert doppel(["record", *arguments, "--out", str(tmp_path), "--json"]) == 1
    assert said in json.loads(capsys.readouterr().out)["error"]
