"""Figures of several people in several cameras: simulated scenes, held-out seeds, worse rigs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from studio.core.types import CameraRig, Crowd
from studio.features.triangulate.inputs import Inputs
from studio.features.triangulate.params import Params
from studio.features.triangulate.several import Everybody, triangulate
from studio.jobs import Context, run
from studio.journeys.figures import Figure, Part
from studio.synth.crowd import HARDER, KINDS, CrowdScene, make_scene
from studio.synth.crowd_looks import Dress
from studio.synth.crowd_seen import Faults, in_view, limbs_of, see
from studio.vision.calibration.people.study import bumped
from studio.vision.people.baselines import frame_by_frame, tracks_believed
from studio.vision.people.main import main_detections
from studio.vision.people.persons import find_people
from studio.vision.people.score import Score, score
from studio.vision.people.seen import look

SIZES = ((2, 4), (3, 5), (4, 4), (4, 5))
"""People and cameras of the scenes."""
FIRST_SEED = 7000
"""Scenes from this seed on were never looked at while the method was made."""
METHODS = ("every frame alone", "2D tracks believed", "followed in 3D", "and refined")


@dataclass(frozen=True)
class _Sum:
    """Scores of several scenes, and processor time in milliseconds a frame."""

    scores: tuple[Score, ...]
    ms: float

    @property
    def parts(self) -> float:
        """By people and frames, all alike."""
        return float(np.average([s.parts for s in self.scores], weights=[
            s.people for s in self.scores]))  # fmt: skip

    @property
    def ids(self) -> float:
        return float(np.mean([s.ids for s in self.scores]))

    def total(self, what: str) -> int:
        return sum(int(getattr(s, what)) for s in self.scores)

    @property
    def words(self) -> str:
        mpjpe = np.nanmean([s.mpjpe_mm for s in self.scores])
        return (
            f"PCP {self.parts:.1%}, {mpjpe:.0f} mm, {self.total('ghosts')} ghosts over 5 frames, "
            f"{self.total('switches')} switches, ids kept in {self.total('kept')} of "
            f"{self.total('meetings')} meetings and {self.total('returned')} of "
            f"{self.total('returns')} returns, the right id {self.ids:.1%} of the time, "
            f"{self.ms:.1f} ms a frame"
        )


@lru_cache(maxsize=64)
def _scene(kind: str, people: int, cameras: int, seed: int) -> CrowdScene:
    return make_scene(kind, people, cameras, seed)


def _followed(rig: CameraRig, crowd: Crowd, method: str) -> np.ndarray:
    """People over time (people, frames, points, 3), by one of the methods."""
    frames, points = len(crowd.times_s), len(crowd.layout)
    if method == "and refined":
        given = Inputs(rig, main_detections(crowd), crowd=crowd)
        result = run(triangulate(Params(), given, Context()))
        solved = result.persons if isinstance(result, Everybody) else (result,)
        out = np.full((len(solved), frames, points, 3), np.nan)
        for number, one in enumerate(solved):
            at = np.searchsorted(crowd.times_s, one.motion.times_s)
            out[number, at] = one.motion.xyz_m
        return out
    seen = look(rig, crowd)
    if method == "followed in 3D":
        persons = find_people(rig, crowd).persons
        found = np.array([p.xyz_m for p in persons]).reshape(-1, frames, len(seen.joints), 3)
    else:
        found = (frame_by_frame if method == METHODS[0] else tracks_believed)(seen)
    out = np.full((len(found), frames, points, 3), np.nan)
    out[:, :, seen.joints] = found
    return out


def judge(
    method: str,
    scenes: Sequence[CrowdScene],
    faults: Faults,
    bump_deg: float = 0.0,
    dress: Dress | None = None,
) -> _Sum:
    """A method on scenes with these faults, one camera bumped by an angle after calibration.

    Without a ``dress`` nothing is told of how people look: geometry is alone.
    """
    scores: list[Score] = []
    spent, frames = 0.0, 0
    for number, scene in enumerate(scenes):
        crowd, rig = see(scene, faults, number, dress or "own"), scene.rig
        if dress is None:
            crowd = replace(crowd, looks=None)
        if bump_deg:
            first = bumped(rig.cameras[0], bump_deg, 0.0, number)
            rig = CameraRig((first, *rig.cameras[1:]))
        begin = time.process_time()
        found = _followed(rig, crowd, method)
        spent += time.process_time() - begin
        frames += len(scene.times_s)
        layout = scene.layout
        scores.append(
            score(scene.xyz_m, in_view(scene), found, limbs_of(layout), layout.index("pelvis"))
        )
    return _Sum(tuple(scores), 1000 * spent / max(frames, 1))


def _scenes(kinds: Sequence[str], sizes: Sequence[tuple[int, int]], seeds: int) -> list[CrowdScene]:
    return [
        _scene(kind, *size, FIRST_SEED + seed)
        for seed in range(seeds) for kind in kinds for size in sizes
    ]  # fmt: skip


def _methods(seeds: int) -> list[Figure]:
    scenes = _scenes(KINDS, SIZES, seeds)
    sums = {method: judge(method, scenes, Faults()) for method in METHODS}
    told = [Figure(f"{len(scenes)} scenes, {method}", of.words) for method, of in sums.items()]
    summed = sums[METHODS[3]]
    meetings, kept = summed.total("meetings"), summed.total("kept")
    longest = max(s.ghost_frames for s in summed.scores)
    return [
        *told,
        Figure("parts correct (strict PCP 0.5)", f"{summed.parts:.1%}", "97 %",
               summed.parts >= 0.97),
        Figure("longest ghost", f"{longest} frames", "at most 5", longest <= 5),
        Figure("identities kept through meetings", f"{kept / max(meetings, 1):.1%} of {meetings}",
               "95 %", kept >= 0.95 * meetings),
    ]  # fmt: skip


def _by_kind(seeds: int) -> list[Figure]:
    return [
        Figure(f"{kind}, and refined", judge(METHODS[3], _scenes([kind], SIZES, seeds),
                                             Faults()).words)
        for kind in KINDS
    ]  # fmt: skip


def _noise(seeds: int) -> list[Figure]:
    scenes = _scenes(("crossing", "embracing"), ((3, 5), (4, 4)), seeds)
    worse = Faults(
        noise_px=8, outliers=0.04, missing_points=0.08, missing_people=0.08, mirrored=0.08,
        hidden_stolen=0.4, ghosts=0.6, exchanged=0.9,
    )  # fmt: skip
    cases = [(f"noise {px:g} px", replace(Faults(), noise_px=px)) for px in (2.0, 6.0, 10.0)]
    return [
        Figure(f"{len(scenes)} crossings and embraces, {what}, {method}",
               judge(method, scenes, faults).words)
        for what, faults in [*cases, ("all faults doubled", worse)]
        for method in METHODS[2:]
    ]  # fmt: skip


def _bumped(seeds: int) -> list[Figure]:
    scenes = _scenes(("crossing", "circling"), ((3, 5), (4, 4)), seeds)
    return [
        Figure(f"{len(scenes)} scenes, one camera bumped by {degrees:g}°",
               judge(METHODS[2], scenes, Faults(), degrees).words)
        for degrees in (0.5, 1.0, 2.0, 4.0)
    ]  # fmt: skip


def _harder(seeds: int) -> list[Figure]:
    scenes = _scenes(HARDER, ((3, 4), (4, 4)), seeds)
    faults = Faults(missing_points=0.08, hidden_lost=0.8)
    dresses: tuple[tuple[str, Dress | None], ...] = (
        ("geometry alone", None), ("and looks", "own"), ("and looks, all dressed alike", "uniform"),
    )  # fmt: skip
    return [
        Figure(
            f"{len(scenes)} scenes of people of like height who come back another way, parts "
            f"missing, a camera bumped by 2°: {what}",
            judge(METHODS[2], scenes, faults, 2.0, dress).words,
        )
        for what, dress in dresses
    ]


def parts(runs: int) -> list[tuple[str, Part]]:
    """The parts of ``doppel evaluate people``; ``runs`` seeds of every kind of scene and size."""
    return [
        ("scenes of two to four people", partial(_methods, runs)),
        ("kinds of scenes", partial(_by_kind, runs)),
        ("noise", partial(_noise, runs)),
        ("bumped cameras", partial(_bumped, runs)),
        ("looks", partial(_harder, runs)),
    ]
