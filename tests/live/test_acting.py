"""What somebody performed is kept with its own times, and plays again from every file."""

from __future__ import annotations

import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from gltf_twin import Glb, validate
from scipy.spatial.transform import Rotation

from studio.core.errors import StudioError
from studio.human.rig import ACTIONS
from studio.live.acting.body import animated, body_of, nobody
from studio.live.acting.recorder import Acted, Recorder
from studio.live.acting.write import write_animation
from studio.live.avatar.finding import starter
from studio.live.performance import Performance
from studio.media.formats.bvh import read_bvh

TIMES_S = (10.0, 10.04, 10.08, 10.2, 10.24)
"""Two frames were lost in the middle."""


def acted_by(time_s: float) -> Performance:
    """The left arm sinks, the head turns, the jaw opens and the hips rise as time goes."""
    share = (time_s - 10.0) / 0.24
    arm = Rotation.from_euler("y", 60 * share, degrees=True).as_quat().tolist()
    head = Rotation.from_euler("z", 30 * share, degrees=True).as_quat().tolist()
    weights = np.zeros(52)
    weights[ACTIONS.index("jawOpen")] = share
    weights[ACTIONS.index("eyeBlinkLeft")] = 1 - share
    return Performance(
        time_s, weights, (30 * share, 0.0, 0.0), (10.0, -5.0),
        {"leftUpperArm": tuple(arm), "head": tuple(head)},
        (0.0, 0.0, 0.1 * share), 1.0, (0.5, 0.25), 0.75, time_s, time_s,
    )  # fmt: skip


@pytest.fixture
def acted() -> Acted:
    recorder = Recorder()
    for time_s in TIMES_S:
        recorder.tell(acted_by(time_s))
    found = recorder.acted()
    recorder.close()
    return found


def tracks_of(glb: Glb) -> dict[tuple[str, str], np.ndarray]:
    (animation,) = glb.json["animations"]
    found = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        assert glb.accessor(sampler["input"])[:, 0] == pytest.approx(np.array(TIMES_S) - 10)
        target = channel["target"]
        name = glb.nodes[target["node"]]["name"]
        found[name, target["path"]] = glb.accessor(sampler["output"])
    return found


def test_what_was_told_comes_back(acted):
    assert acted.times_s.tolist() == list(TIMES_S)
    assert acted.rate_hz == pytest.approx(25)
    assert set(acted.turns) == {"leftUpperArm", "head"}
    for told, found in zip(map(acted_by, TIMES_S), acted, strict=True):
        assert found.time_s == pytest.approx(told.time_s - 10)
        assert found.weights == pytest.approx(told.weights)
        assert found.head_deg == pytest.approx(told.head_deg)
        assert found.gaze_deg == pytest.approx(told.gaze_deg)
        assert found.hips_m == pytest.approx(told.hips_m)
        assert (found.face, found.hands, found.body) == (1.0, (0.5, 0.25), 0.75)
        for bone, turn in told.turns.items():
            assert found.turns[bone] == pytest.approx(turn, abs=1e-6)


def test_late_frames_are_left_out_and_an_empty_recorder_says_so():
    recorder = Recorder()
    with pytest.raises(StudioError, match="Nothing was performed"):
        recorder.acted()
    for time_s in (1.0, 1.5, 1.2, 1.5, 2.0):
        recorder.tell(Performance(time_s, np.zeros(52)))
    found = recorder.acted()
    assert found.times_s.tolist() == [1.0, 1.5, 2.0]
    assert found.turns == {}
    assert np.isnan(found.hips_m).all()
    assert [one.hips_m for one in found] == [None] * 3
    recorder.tell(Performance(3.0, np.zeros(52)))  # goes on after it was asked
    assert recorder.acted().times_s.tolist() == [1.0, 1.5, 2.0, 3.0]
    recorder.close()
    recorder.tell(Performance(4.0, np.zeros(52)))  # harmless
    recorder.close()


def test_an_hour_is_kept_without_growing_in_memory():
    recorder, told = Recorder(), acted_by(10.0)
    weights, turns = told.weights, told.turns
    for k in range(300):
        recorder.tell(Performance(float(k), weights, turns=turns))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for k in range(300, 20_000):
        recorder.tell(Performance(float(k), weights, turns=turns))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert recorder.frames == 20_000
    assert grown < 100_000
    recorder.close()


def test_a_person_plays_it_from_a_glb(acted, tmp_path):
    path = tmp_path / "acted.glb"
    write_animation(path, acted)
    assert validate(path) == []
    glb = Glb(path)
    tracks = tracks_of(glb)
    names = {}
    for node in glb.nodes:
        if "mesh" in node:
            mesh = glb.json["meshes"][node["mesh"]]
            names[node["name"]] = mesh.get("extras", {}).get("targetNames", [])
    shapes = tracks["body", "weights"].reshape(len(TIMES_S), -1)
    jaw = shapes[:, names["body"].index("jawOpen")]
    assert jaw == pytest.approx((np.array(TIMES_S) - 10) / 0.24, abs=1e-6)
    # The left hand sinks from T-pose: down by its arm's length times the sine.
    still, sunk = (np.concatenate([s.reshape(-1, 3) for s in glb.posed(k)]) for k in (0, 4))
    assert still[:, 0].max() > 0.9
    assert still[:, 1].max() < sunk[:, 1].max()  # the hips rose, and all with them
    hand = still[:, 0] > 0.85
    assert (still[hand, 1] - sunk[hand, 1]).mean() == pytest.approx(0.5, abs=0.12)


def test_its_bones_play_from_a_bvh_at_an_even_rate(acted, tmp_path):
    path = tmp_path / "acted.bvh"
    write_animation(path, acted)
    armature, animation = read_bvh(path)
    assert animation.times_s == pytest.approx(np.arange(7) * 0.04)
    names = armature.names
    heads = animation.bones_world[:, :, :3, 3]
    way = heads[:, names.index("leftLowerArm")] - heads[:, names.index("leftUpperArm")]
    down_deg = np.degrees(np.arctan2(-way[:, 2], way[:, 0]))
    assert down_deg == pytest.approx(60 * np.arange(7) / 6, abs=0.1)
    hips = heads[:, names.index("hips"), 2]
    assert hips - hips[0] == pytest.approx(0.1 * np.arange(7) / 6, abs=1e-4)


@pytest.mark.parametrize("arkit", [False, True])
def test_vrms_bones_gaze_and_faces_play_from_a_vrma(acted, tmp_path, arkit):
    path = tmp_path / "acted.vrma"
    write_animation(path, acted, whole() if arkit else None)
    assert validate(path) == []
    glb = Glb(path)
    extension = glb.json["extensions"]["VRMC_vrm_animation"]
    tracks = tracks_of(glb)
    human = extension["humanoid"]["humanBones"]
    arm = glb.nodes[human["leftUpperArm"]["node"]]["name"]
    last = Rotation.from_quat(tracks[arm, "rotation"][-1])
    assert last.apply([1, 0, 0]) == pytest.approx([0.5, -np.sqrt(0.75), 0], abs=1e-5)
    gaze = Rotation.from_quat(tracks["lookAt", "rotation"][0]).apply([0, 0, 1])
    assert np.degrees(np.arctan2(gaze[0], gaze[2])) == pytest.approx(10, abs=1e-3)
    assert np.degrees(np.arcsin(gaze[1])) == pytest.approx(-5, abs=1e-3)
    faces = extension["expressions"]
    # One kind of faces alone: an avatar that has both would make every face twice.
    assert set(faces) == ({"custom"} if arkit else {"preset"})
    name = "jawOpen" if arkit else "aa"
    assert name in faces["custom" if arkit else "preset"]
    assert (np.diff(tracks[name, "translation"][:, 0]) > 0.04).all()
    shut = tracks["eyeBlinkLeft" if arkit else "blinkLeft", "translation"][:, 0]
    assert shut == pytest.approx(1 - (np.array(TIMES_S) - 10) / 0.24, abs=1e-6)


def test_its_face_is_a_table_with_true_times(acted, tmp_path):
    path = tmp_path / "acted.csv"
    write_animation(path, acted)
    head, *rows = path.read_text("utf-8").splitlines()
    assert head.split(",") == ["time_s", *ACTIONS, "yaw", "pitch", "roll"]
    table = np.array([[float(value) for value in row.split(",")] for row in rows])
    assert table[:, 0] == pytest.approx(np.array(TIMES_S) - 10, abs=1e-4)
    assert table[:, 1:53] == pytest.approx(acted.weights, abs=1e-4)
    assert table[:, 53] == pytest.approx(acted.head_deg[:, 0], abs=1e-3)


@cache
def whole():
    return body_of(starter())


def test_a_body_that_lacks_vrms_bones_leaves_a_vrma_all_the_same(acted, tmp_path):
    path = tmp_path / "head.vrma"
    head = nobody()
    write_animation(path, acted, type(head)(head.character, {"head": 0}, head.begin, False))
    assert (
        "leftFoot" in Glb(path).json["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]
    )


def test_other_files_are_refused_with_what_to_write(acted, tmp_path):
    with pytest.raises(StudioError, match="no animation") as caught:
        write_animation(Path(tmp_path / "acted.fbx"), acted)
    assert ".glb" in caught.value.hint


def test_bones_are_where_an_independent_sum_puts_them(acted):
    """World places composed joint by joint, by hand."""
    player = animated(acted, nobody())
    names, rest = player.armature.names, player.armature.rest_world[:, :3, 3]
    world = player.animation.bones_world[-1]
    shoulder, elbow, hand = (names.index(f"left{n}") for n in ("UpperArm", "LowerArm", "Hand"))
    sink = Rotation.from_euler("y", 60, degrees=True)
    up = np.array([0, 0, 0.1])
    assert world[shoulder, :3, 3] == pytest.approx(rest[shoulder] + up)
    assert world[hand, :3, 3] == pytest.approx(
        rest[shoulder] + up + sink.apply(rest[hand] - rest[shoulder]), abs=1e-6
    )
    assert world[elbow, :3, :3] == pytest.approx(
        sink.as_matrix() @ player.armature.rest_world[elbow, :3, :3], abs=1e-6
    )
