"""Lanes of their own for face and body, and performances put together."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from moments import film

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.human.rig import ACTIONS
from studio.jobs import Context, run
from studio.live.opening import opened
from studio.live.performance import Performance
from studio.live.performing.body import BodyNow, Follower
from studio.live.performing.controls import Controls
from studio.live.performing.curves import COLUMNS, curves
from studio.live.performing.face import REST, FaceNow, FacePerformer
from studio.live.performing.live import perform
from studio.live.performing.performer import STALE_S, Composer, Performer
from studio.live.performing.settings import Settings
from studio.live.turning import about, head_turn, matrices
from studio.perception.faces.head import stored
from studio.perception.faces.solver import FaceSolver, SolvedFace
from studio.perception.faces.tracker import SeenFace

Z = np.array([0.0, 0.0, 1.0])


class Tracker:
    """Sees a face in bright pictures, turned as far as they are bright."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s, self.closed, self.looked = pause_s, False, 0

    def find(self, rgb: np.ndarray, time_s: float) -> SeenFace | None:
        time.sleep(self.pause_s)
        self.looked += 1
        bright = float(rgb.mean())
        if bright < 20:
            return None
        stood = stored()["shape"] @ head_turn(bright / 10, 0, 0).T
        right, away, up = (100 * stood).T
        points = np.stack([200 + right, 200 - up, away], axis=1)
        return SeenFace(points, np.full(len(ACTIONS), 0.02))

    def close(self) -> None:
        self.closed = True


class Body:
    """Sees the same body in every picture, slowly."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s, self.closed, self.looked = pause_s, False, 0

    def perform(self, frame: Frame) -> BodyNow:
        time.sleep(self.pause_s)
        self.looked += 1
        return BodyNow(
            frame.time_s, {"hips": about(Z, 0.5)}, None, (0.1, 0.2, 0.3), (0.5, 0.0), 0.9
        )

    def close(self) -> None:
        self.closed = True


def face_of(tracker: Tracker) -> FacePerformer:
    return FacePerformer(lambda: tracker, FaceSolver())  # pyright: ignore[reportArgumentType]


def picture(number: int, grey: int = 80, rate_hz: float = 30.0) -> Frame:
    return Frame("cam", number / rate_hz, np.full((48, 64, 3), grey, np.uint8))


def live(tmp_path, tracker: Tracker, body: Body | None, frames: int = 30, **how):
    seen: list[Performance] = []
    context, controls = Context(), how.pop("controls", Controls())
    with opened([str(film(tmp_path / "cam.mp4", frames))], context) as cameras:
        result = run(
            perform(
                cameras, lambda: face_of(tracker), (lambda: body) if body else None, controls,
                context, **how,
            ),
            seen.append,
        )  # fmt: skip
    return result, seen


def test_a_film_is_performed_to_its_end_and_everybody_hears(tmp_path):
    told: list[tuple[Performance, Frame]] = []
    tracker, body = Tracker(), Body()
    result, seen = live(
        tmp_path, tracker, body, each=lambda: (lambda one, frame: told.append((one, frame)),)
    )
    assert result.count == result.with_somebody == len(seen) > 0
    assert len(told) >= len(seen)
    assert all(one.taken_s == frame.time_s for one, frame in told)
    assert all(0 < one.latency_ms < 5000 for one in seen)
    assert set(seen[-1].stages_ms) == {"grab", "face", "body"}
    assert tracker.closed
    assert body.closed
    assert seen[-1].body == pytest.approx(0.9)


def test_the_face_never_waits_for_the_body(tmp_path):
    tracker, body = Tracker(), Body(0.3)
    live(tmp_path, tracker, body, frames=60)
    assert tracker.looked > 3 * body.looked > 0


def test_a_slow_face_skips_pictures_instead_of_falling_behind(tmp_path):
    result, seen = live(tmp_path, Tracker(0.15), None, frames=60)
    assert result.skipped > 20
    assert seen[-1].head_deg[0] > seen[0].head_deg[0] + 3  # the last ones, which are brighter


def test_what_a_network_raises_ends_the_run_with_it(tmp_path):
    class Broken(Body):
        def perform(self, frame):
            raise StudioError("The network is damaged.", "")

    with pytest.raises(StudioError, match="damaged"):
        live(tmp_path, Tracker(0.02), Broken(), frames=60)


def test_without_a_body_none_is_looked_for(tmp_path):
    body = Body()
    controls = Controls(Settings(body=False))
    _, seen = live(tmp_path, Tracker(), body, controls=controls)
    assert body.looked == 0
    assert seen[-1].body == 0
    assert seen[-1].hips_m is None


def test_every_picture_of_a_film_is_performed():
    tracker, body = Tracker(), Body()
    performer = Performer(lambda: face_of(tracker), lambda: body)  # pyright: ignore
    seen = [performer.perform(picture(k)) for k in range(20)]
    performer.close()
    assert tracker.looked == body.looked == 20
    assert [one.time_s for one in seen] == pytest.approx([k / 30 for k in range(20)])
    assert all(one.face == 1 for one in seen)
    assert tracker.closed


def test_a_lost_face_is_held_and_fades_and_lids_go_on():
    performer = Performer(lambda: face_of(Tracker()), None, Controls(Settings(smoothing_ms=0)))
    for k in range(30):
        there = performer.perform(picture(k, 150))
    yaw = there.head_deg[0]
    assert yaw > 10
    gone = [performer.perform(picture(k, 0)) for k in range(30, 30 + 30 * 12)]
    performer.close()
    assert gone[10].head_deg[0] == pytest.approx(yaw, abs=0.1)
    assert gone[-1].head_deg == pytest.approx((0, 0, 0))
    assert all(one.face == 0 for one in gone)
    assert max(one.weight("eyeBlinkLeft") for one in gone) > 0.8
    chests = [one.turns["upperChest"] for one in gone]
    assert len(set(chests)) > 10  # it breathes


def test_head_and_neck_share_the_turn_against_the_chest():
    composer = Composer(Controls(Settings(idle=False)))
    face = FaceNow(replace(REST, head_deg=(40.0, 10.0, 0.0)), 1.0)
    body = BodyNow(0.0, {"hips": about(Z, 0.3)}, None, None, (0.0, 0.0), 1.0)
    made = composer.compose(0.0, face, body)
    turns = matrices(made.turns)
    head = turns["hips"] @ turns["neck"] @ turns["head"]
    assert head == pytest.approx(head_turn(40, 10, 0), abs=1e-6)
    assert turns["neck"] == pytest.approx(turns["head"])


def test_where_no_face_is_seen_the_body_tells_the_head():
    composer = Composer(Controls())
    body = BodyNow(0.0, {}, (25.0, 5.0, 0.0), None, (0.0, 0.0), 1.0)
    assert composer.compose(0.0, FaceNow(REST, 0.0, None, 0.0), body).head_deg == (25.0, 5.0, 0.0)
    seen = FaceNow(replace(REST, head_deg=(10.0, 0.0, 0.0)), 1.0)
    assert composer.compose(0.1, seen, body).head_deg == (10.0, 0.0, 0.0)


def test_a_body_of_long_ago_is_not_seen():
    composer = Composer(Controls())
    body = BodyNow(0.0, {"hips": about(Z, 0.5)}, None, (0.0, 0.0, 0.1), (1.0, 1.0), 1.0)
    assert composer.compose(0.1, FaceNow(REST, 1.0), body).body == 1
    late = composer.compose(0.2 + STALE_S, FaceNow(REST, 1.0), body)
    assert (late.body, late.hips_m, late.hands) == (0, None, (0.0, 0.0))


def test_hips_of_a_body_that_is_lost_come_back_without_a_leap():
    composer, face = Composer(Controls()), FaceNow(REST, 1.0)
    places = []
    for k in range(120):
        stood = (0.0 if k < 10 else 0.4, 0.0, 0.0)
        body = BodyNow(k / 30, {}, None, stood, (0.0, 0.0), 1.0) if k < 60 else None
        places.append(composer.compose(k / 30, face, body).hips_m)
    across = np.array([0.0 if place is None else place[0] for place in places])
    assert across[9] == 0
    assert across[59] == pytest.approx(0.4, abs=1e-3)
    assert np.abs(np.diff(across)).max() < 0.2
    assert np.abs(np.diff(across[59:])).max() < 0.05
    assert places[-1] is None or abs(places[-1][0]) < 1e-3


@pytest.mark.parametrize("mirror", [False, True])
def test_somebody_who_turns_all_the_way_round_never_changes_the_sign_of_a_turn(mirror):
    composer = Composer(Controls(Settings(mirror=mirror)))
    told = []
    for k in range(90):
        body = BodyNow(k / 30, {"hips": about(Z, 2 * np.pi * k / 60)}, None, None, (0, 0), 1.0)
        told.append(composer.compose(k / 30, FaceNow(REST, 1.0), body).turns["hips"])
    turns = np.array(told)
    assert turns[:, 3].min() < -0.5  # more than half round
    assert (turns[1:] * turns[:-1]).sum(1).min() > 0.9
    assert np.linalg.norm(turns, axis=1) == pytest.approx(1)


def test_turns_follow_smoothly_and_go_back_to_rest():
    follower, goal = Follower(), {"hips": about(Z, 1.0)}
    follower(0.0, {})
    angles = []
    for k in range(1, 120):
        turn = follower(k / 30, goal if k < 40 else {}).get("hips", np.eye(3))
        angles.append(float(np.arctan2(turn[1, 0], turn[0, 0])))
    steps = np.abs(np.diff(angles))
    assert angles[38] == pytest.approx(1.0, abs=0.01)
    assert angles[-1] == pytest.approx(0.0, abs=0.01)
    assert steps.max() < 0.45
    arm = follower(5.0, {})["leftUpperArm"]
    assert arm[2, 0] < -0.8  # hangs


def test_mirror_gains_and_keys_are_taken_up_while_it_runs():
    controls = Controls(Settings(idle=False))
    composer = Composer(controls)
    solved = SolvedFace(np.full(52, 0.3), (20.0, 0.0, 5.0), (4.0, 0.0))
    face = FaceNow(solved, 1.0)
    assert composer.compose(0.0, face, None).head_deg == (20.0, 0.0, 5.0)
    controls.settings = Settings(mirror=True, idle=False, gains={"jawOpen": 2.0})
    mirrored = composer.compose(0.1, face, None)
    assert mirrored.head_deg == (-20.0, 0.0, -5.0)
    assert mirrored.weight("jawOpen") == pytest.approx(0.6)
    controls.weights = {"mouthSmile": 1.0}
    assert composer.compose(0.2, face, None).weight("mouthSmileRight") == 1.0
    controls.take_neutral()
    assert controls.neutral_asked()
    assert not controls.neutral_asked()


def test_curves_have_a_row_a_frame_in_the_promised_columns(tmp_path):
    path = tmp_path / "F.csv"
    one = Performance(0.5, np.linspace(0, 1, 52), (1.25, -2.5, 3.0))
    with curves(path) as write:
        write(one)
        write(replace(one, time_s=0.54))
    head, *rows = [line.split(",") for line in path.read_text("utf-8").splitlines()]
    assert tuple(head) == COLUMNS == ("time_s", *ACTIONS, "yaw", "pitch", "roll")
    assert [float(row[0]) for row in rows] == [0.5, 0.54]
    assert np.array(rows[0][1:53], float) == pytest.approx(one.weights, abs=1e-4)
    assert [float(v) for v in rows[0][53:]] == [1.25, -2.5, 3.0]
    with pytest.raises(StudioError), curves(tmp_path / "F.csv" / "under.csv"):
        pass
