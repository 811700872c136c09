"""From pictures to a rig: truth, guidance, the world, live cameras, and every bad input."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import filmed
import numpy as np
import pytest

from studio.core.errors import Cancelled, StudioError
from studio.core.types import Frame, FrameSet, Keypoints
from studio.features.calibrate.engine import calibrate
from studio.features.calibrate.look import as_arrays, from_arrays
from studio.features.calibrate.measure import standing_errors
from studio.features.calibrate.params import Click, Params
from studio.features.calibrate.result import Inputs
from studio.features.calibrate.sources import Source, sources_of
from studio.features.calibrate.world import measured, place
from studio.jobs import Context, run
from studio.media.clip import ImageClip
from studio.media.formats.rigs import read_rig
from studio.vision import camera as lens
from studio.vision.calibration.guidance import Guidance
from studio.vision.calibration.trust.gates import judge
from studio.vision.calibration.world import from_board

SAMPLE = Path(__file__).parents[3] / "resources" / "sample"


def solve(params: Params, inputs: Inputs | None = None, context: Context | None = None):
    return run(calibrate(params, inputs or Inputs(), context or Context()))


# -- truth ---------------------------------------------------------------------------------------


def test_a_session_is_solved_to_its_truth(session, solved):
    result, _ = solved
    mm, degrees = filmed.apart(result.solution.rig, session.rig)
    assert mm < 2
    assert degrees < 0.08
    assert result.stopped == ()
    assert result.solution.rmse_px < 0.5
    first = result.facts[0]
    assert first.label == "Accuracy"
    assert first.text.startswith("3 cameras, ")
    assert "px held-out" in first.text
    assert "mm for a point at the centre seen with 2 px noise" in first.text


def test_pictures_points_and_guidance_are_shown_while_it_looks(solved):
    _, live = solved
    assert len(live) == 26
    pictures, guidance, *points = live[-1]
    assert isinstance(pictures, FrameSet)
    assert isinstance(guidance, Guidance)
    assert all(isinstance(one, Keypoints) for one in points)
    for one in points:
        seen = one.confidence > 0
        assert seen.sum() >= 6
        assert np.isfinite(one.xy_px[seen]).all()
    shares = [shown[1].progress for shown in live]
    assert shares == sorted(shares)
    assert shares[-1] > 0.95, "known lenses need no coverage"


def test_what_was_seen_survives_a_trip_through_arrays(solved):
    seen = solved[0].seen
    again = from_arrays(as_arrays(seen))
    assert again.sizes_px == dict(seen.sizes_px)
    assert dict(again.times_s) == dict(seen.times_s)
    for one, other in zip(again.views, seen.views, strict=True):
        assert (one.camera, one.moment, one.frame) == (other.camera, other.moment, other.frame)
        assert np.array_equal(one.points, other.points)
        assert np.array_equal(one.xy_px, other.xy_px)
    left = seen.without(["cam2"])
    assert {view.camera for view in left.views} == {"cam1", "cam3"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lenses", "mm", "degrees"), [(None, 5, 0.3), (SAMPLE / "rig.toml", 3, 0.05)]
)
def test_the_shipped_sample_from_its_videos_against_its_truth(
    lenses: Path | None, mm: float, degrees: float
):
    """Four rendered videos of a board that is waved, then laid on the floor: the rig is accepted,
    and its cameras stand where they stood when it was filmed, in the world of the floor."""
    truth = read_rig(SAMPLE / "rig.toml").rig
    params = Params(
        paths=tuple(SAMPLE / f"board{i}.mp4" for i in (1, 2, 3, 4)),
        board="charuco:6x4:110mm:DICT_4X4_50:marker=84mm", intrinsics=lenses,
        world="board", floor_at_s=23.1,
    )  # fmt: skip
    result = solve(params, Inputs(names=truth.names))
    assert result.stopped == ()
    assert all(camera.depth_ratio > 2 for camera in result.guidance.cameras)
    away, turned = filmed.apart(result.solution.rig, truth)
    assert away < mm
    assert turned < degrees
    assert np.sqrt(np.square(standing_errors(result.solution, truth)).mean()) < 2, "its error bars"
    with np.load(SAMPLE / "truth.npz", allow_pickle=False) as file:
        laid = file["board_world"][-1]
    for camera in from_board(truth, laid).rig(truth).cameras:
        found = result.solution.rig[camera.name].centre_m
        assert 1000 * np.linalg.norm(found - camera.centre_m) < 10


# -- the world -----------------------------------------------------------------------------------


def heights(rig) -> np.ndarray:
    return np.array([camera.centre_m[2] for camera in rig.cameras])


def test_the_floor_is_where_the_board_lay(session, solved):
    params = session.params(world="board", floor_at_s=25)
    placed = place(params, solved[0].solution, solved[0].seen.times_s, None)
    assert placed.floor_moment == 25
    assert placed.levelled
    for found, true in zip(placed.solution.rig.cameras, session.rig.cameras, strict=True):
        assert np.abs(found.centre_m - (true.centre_m - session.poses[-1][:3, 3])).max() < 0.01


def test_three_clicks_make_the_world(session, solved):
    spots = np.array([[0, 0, 0.7], [0.5, 0, 0.7], [0, 0.4, 0.7]])
    clicks = tuple(
        Click(point=number, camera=camera.name, x_px=float(x), y_px=float(y))
        for number, spot in enumerate(spots)
        for camera in solved[0].solution.rig.cameras
        for x, y in [lens.project(session.rig[camera.name], spot)]
    )
    params = session.params(world="points", points=clicks)
    placed = place(params, solved[0].solution, {}, None)
    assert placed.levelled
    for found, true in zip(placed.solution.rig.cameras, session.rig.cameras, strict=True):
        assert np.abs(found.centre_m - (true.centre_m - [0, 0, 0.7])).max() < 0.01


def test_the_guessed_floor_is_level_and_says_that_it_is_a_guess(session, solved):
    result, _ = solved
    gaps = heights(result.solution.rig) - heights(session.rig)
    assert np.ptp(gaps) < 0.01
    assert any("a guess" in fact.text for fact in result.facts)


def test_a_measured_distance_settles_the_scale_or_checks_it(session, solved):
    solution = solved[0].solution
    true = float(np.linalg.norm(session.rig["cam1"].centre_m - session.rig["cam3"].centre_m))
    tape = {"between": ("cam1", "cam3"), "measured_m": true * 1.1}
    checked = place(session.params(**tape), solution, {}, None).solution
    gates = judge(checked, lengths=(measured(session.params(**tape), checked.rig),))
    assert any(gate.id == "scale" and gate.verdict == "stop" for gate in gates)
    found = place(session.params(**tape, scale="measured"), solution, {}, None).solution.rig
    gap = np.linalg.norm(found["cam1"].centre_m - found["cam3"].centre_m)
    assert gap == pytest.approx(true * 1.1, rel=1e-9)


def test_worlds_that_lack_something_say_what(session, solved):
    solution, times_s = solved[0].solution, solved[0].seen.times_s
    for more, told in (
        ({"world": "board"}, "When does the board lie"),
        ({"world": "board", "floor_at_s": 99}, "place of the board at 99"),
        ({"world": "feet"}, "no tracked person"),
        ({"world": "points"}, "clicked in 0 of the cameras"),
        ({"between": ("cam1", "cam9"), "measured_m": 1.0}, "no camera “cam9”"),
    ):
        with pytest.raises(StudioError, match=told):
            place(session.params(**more), solution, times_s, None)


# -- finishing, cancelling, live cameras -----------------------------------------------------------


class Finishing(Context):
    """Somebody presses “Enough now” after so many looks."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._left = after

    def check(self) -> None:
        super().check()
        self._left -= 1
        if self._left == 0:
            self.finish()


def test_enough_now_stops_looking_and_solves(session):
    result = solve(session.params(), context=Finishing(16))
    assert 10 <= len({view.moment for view in result.seen.views}) <= 16
    assert filmed.apart(result.solution.rig, session.rig)[0] < 10


def test_cancelling_stops_at_the_next_picture(session):
    context = Context()
    engine = calibrate(session.params(), Inputs(), context)
    next(engine)
    context.cancel()
    with pytest.raises(Cancelled):
        next(engine)


class Hub:
    """Live cameras at 30 Hz, of which a slow reader sees every 18th set; the last comes late."""

    def __init__(self, session, late: int = 0) -> None:
        self._clips = [ImageClip(p, sorted(p.glob("*.jpg")), p.name, 5.0) for p in session.paths]
        self._late = late
        self._number = 0

    @property
    def sources(self) -> tuple[Path, ...]:
        return tuple(clip.path for clip in self._clips)

    def frame_sets(self, stop: Callable[[], bool]) -> Iterator[FrameSet]:
        while not stop() and self._number < self._clips[0].frames:
            number, self._number = self._number, self._number + 1
            shown = self._clips[: None if number >= self._late else -1]
            frames = {
                c.camera: Frame(c.camera, 0.6 * number, c.frame(number).rgb) for c in shown
            }  # fmt: skip
            yield FrameSet(18 * number, 0.6 * number, frames)


def test_live_cameras_are_calibrated_while_they_are_watched(session):
    shown = []
    params = session.params(paths=(), per_second=6.0)
    context = Context()
    result = run(calibrate(params, Inputs(live=Hub(session, late=2)), context), shown.append)
    assert len(result.solution.rig) == 3
    assert filmed.apart(result.solution.rig, session.rig)[0] < 4
    assert shown[0][1].action
    assert result.guidance.pairs["cam1", "cam2"] > 10


def test_live_cameras_without_a_picture_say_so(session):
    class Dark(Hub):
        def frame_sets(self, stop):
            yield from ()

    with pytest.raises(StudioError, match="No camera shows a picture"):
        solve(session.params(paths=()), Inputs(live=Dark(session)))


# -- bad input -------------------------------------------------------------------------------------


def test_no_board_named_says_which_one_the_pictures_show(session, tmp_path):
    with pytest.raises(StudioError, match="Which board") as error:
        solve(session.params(board="", paths=few(session, tmp_path)[:1]))
    assert "DICT_4X4" in str(error.value)
    assert "6 x 4" in str(error.value) or "6x4" in str(error.value)


def few(session, folder: Path, pictures: int = 3) -> tuple[Path, ...]:
    """Two cameras with a few pictures each: quick to look through."""
    for camera in session.paths[:2]:
        (folder / camera.name).mkdir()
        for file in sorted(camera.glob("*.jpg"))[:pictures]:
            shutil.copy(file, folder / camera.name)
    return (folder / "cam1", folder / "cam2")


def test_another_dictionary_is_told_with_the_one_that_fits(session, tmp_path):
    spec = "charuco:6x4:110mm:DICT_6X6_250"
    with pytest.raises(StudioError) as error:
        solve(session.params(board=spec, paths=few(session, tmp_path)))
    assert "charuco:6x4:110mm:DICT_4X4_50" in error.value.hint


def test_a_word_of_the_board_that_is_not_understood_is_named(session):
    with pytest.raises(StudioError, match="sideways"):
        solve(session.params(board=f"{filmed.SPEC}:sideways"))


def test_a_wrong_square_count_says_the_right_one(session, tmp_path):
    with pytest.raises(StudioError) as error:
        solve(session.params(board="charuco:9x7:110mm:DICT_4X4_50", paths=few(session, tmp_path)))
    assert "6 x 4 squares" in str(error.value)


def test_nothing_chosen_and_files_that_are_no_pictures(session, tmp_path):
    with pytest.raises(StudioError, match="Nothing was chosen"):
        solve(session.params(paths=()))
    broken = tmp_path / "board1.mp4"
    broken.write_bytes(b"\0" * 5000)
    with pytest.raises(StudioError, match=r"board1.mp4"):
        solve(session.params(paths=(broken, *session.paths)))
    with pytest.raises(StudioError, match="There is no file"):
        solve(session.params(paths=(tmp_path / "nothing.mp4",)))


def test_a_take_is_looked_at_and_its_cameras_keep_the_projects_names(session):
    sources = tuple(Source(f"board{n}", path) for n, path in enumerate(session.paths, 1))
    inputs = Inputs(sources, names=("cam1", "cam2", "cam3"))
    engine = calibrate(session.params(paths=()), inputs, Context())
    assert set(next(engine)[0].frames) == {"cam1", "cam2", "cam3"}
    engine.close()


def copy(session, folder: Path) -> tuple[Path, ...]:
    return tuple(Path(shutil.copytree(p, folder / p.name)) for p in session.paths)


def test_pictures_of_mixed_sizes_are_refused_by_name(session, tmp_path):
    paths = copy(session, tmp_path)
    one = paths[1] / "007.jpg"
    cv2.imwrite(str(one), cv2.resize(cv2.imread(str(one)), (320, 240)))
    with pytest.raises(StudioError, match=r"007.jpg.* is 320 x 240"):
        solve(session.params(paths=paths))


@pytest.mark.slow
def test_pictures_are_paired_by_number_so_that_a_missing_one_harms_nobody(session, tmp_path):
    paths = copy(session, tmp_path)
    for number in (3, 4, 5, 6):
        (paths[1] / f"{number:03d}.jpg").unlink()
    result = solve(session.params(paths=paths))
    assert filmed.apart(result.solution.rig, session.rig)[0] < 3


def test_series_of_unequal_length_are_refused_unless_they_start_together(session, tmp_path):
    paths = copy(session, tmp_path)
    for camera in paths:
        for number, file in enumerate(sorted(camera.glob("*.jpg"))):
            file.rename(file.with_name(f"picture {chr(97 + number)}.jpg"))
    for letter in "xyz":
        (paths[2] / f"picture {letter}.jpg").unlink()
    with pytest.raises(StudioError, match="differ in length: cam3 has 23 pictures") as error:
        solve(session.params(paths=paths))
    assert "--unequal" in error.value.hint
    engine = calibrate(session.params(paths=paths, unequal=True), Inputs(), Context())
    assert isinstance(next(engine)[1], Guidance)
    engine.close()


def test_a_camera_that_never_saw_the_board_is_named(session, tmp_path):
    paths = copy(session, tmp_path)
    for file in paths[2].glob("*.jpg"):
        cv2.imwrite(str(file), np.full((480, 640, 3), 90, np.uint8))
    with pytest.raises(StudioError, match="cam3"):
        solve(session.params(paths=paths))
    result = solve(session.params(paths=paths, drop=("cam3",)))
    assert result.solution.rig.names == ("cam1", "cam2")


@pytest.mark.slow
def test_one_camera_becomes_the_calibration_of_its_lens(session):
    params = session.params(paths=session.paths[:1], intrinsics=None, refine="auto")
    result = solve(params.model_copy(update={"lens": "pinhole4"}))
    camera = result.solution.rig.cameras[0]
    sigma = result.solution.spread["cam1"].focal_px[0]
    assert sigma < 0.02 * filmed.FOCAL
    assert abs(camera.matrix[0, 0] - filmed.FOCAL) < 3 * sigma
    assert not {"error-bar", "scale", "graph"} & {gate.id for gate in result.gates}
    assert any("lens" in fact.text and "One camera" in fact.text for fact in result.facts)
    assert result.facts[2].label == "Lens"


@pytest.mark.slow
def test_pictures_for_the_lens_alone(session):
    params = session.params(intrinsics=None, lens_paths=session.paths, lens="pinhole4")
    result = solve(params)
    assert result.solution.refined == () or set(result.solution.refined) <= {"cam1", "cam2", "cam3"}
    assert filmed.apart(result.solution.rig, session.rig)[0] < 15


def test_a_lens_file_without_a_camera_or_of_another_shape_is_refused(session, tmp_path):
    from studio.media.formats.rigs import write_rig

    short = tmp_path / "short.rig.json"
    write_rig(short, filmed.rig(2))
    with pytest.raises(StudioError, match="no lens for camera cam3"):
        solve(session.params(intrinsics=short))
    wide = tmp_path / "wide.rig.json"
    cameras = tuple(
        type(c)(c.name, (1280, 720), c.matrix, c.distortion, c.rotation, c.translation_m)
        for c in session.rig.cameras
    )
    write_rig(wide, type(session.rig)(cameras))
    with pytest.raises(StudioError, match="of another shape"):
        solve(session.params(intrinsics=wide))


def test_sources_by_folder_pattern_and_name(session, tmp_path):
    both = tmp_path / "pairs"
    both.mkdir()
    for side, camera in zip(("left", "right"), session.paths, strict=False):
        for file in sorted(camera.glob("*.jpg"))[:3]:
            shutil.copy(file, both / f"{side}{file.stem}.jpg")
    assert [s.camera for s in sources_of([both])] == ["left", "right"]
    loose = sorted(both.glob("*.jpg"))
    assert [s.camera for s in sources_of(loose)] == ["left", "right"]
    assert [s.camera for s in sources_of([session.paths[0].parent])] == ["cam1", "cam2", "cam3"]
    clip = tmp_path / "cam1.mp4"
    with pytest.raises(StudioError, match="belong to one camera"):
        sources_of([clip, tmp_path / "other" / "cam1.mp4"])
    assert sources_of([clip]) == (Source("cam1", clip),)
