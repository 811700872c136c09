"""Measure how faces are understood: ``studio/perception/faces/face.safetensors``.

People who do not exist pull faces that are known; MediaPipe looks at them, and what its points and
guesses tell of the actions, of the head's turn and of the gaze is fitted by ridge regression. How
strong the ridges are and how much MediaPipe's own guesses count is chosen by people left out. No
film is looked at. On one core half an hour:

    python -m installer.measure_faces heads.npz --people 60
    python -m installer.measure_faces blinks.npz --people 12 --blinks
    python -m installer.measure_faces --fit heads.npz --blinks-of blinks.npz
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy.optimize import nnls
from scipy.spatial.transform import Rotation

from studio.core.types import Camera, Mesh
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.live.performing.shaping import MIRROR
from studio.live.turning import head_turn
from studio.perception.faces import head as heads
from studio.perception.faces.features import (
    KEY,
    TURN_DEG,
    TWINS,
    Look,
    angles,
    features,
    iris,
    mirrored,
)
from studio.perception.faces.neutral import mean
from studio.perception.faces.tracker import FaceTracker, SeenFace
from studio.render.raster import Renderer
from studio.render.scene import Drawable, Lighting
from studio.synth.actor import Actor
from studio.synth.cast import random_phenotype
from studio.synth.factory.faces import random_face
from studio.synth.factory.people import by_kind, random_head
from studio.synth.figure import make_figure
from studio.vision.similarity import nearest_similar
from studio.weights.store import find

SIDE_PX = 320
FACES, CALM = 26, 5
BLINKS, BLINKS_CALM = 14, 3
LAMBDAS = (30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0)
NEAR_BEST = 1.05
"""Of ridges about as good, the strongest: what it leaves out hurts others least."""
FOLDS = 5
_BONE = {name: k for k, name in enumerate(BONE_NAMES)}
_LEVEL = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From the axes of a camera (right, down, ahead) to those of its level world."""


@dataclass(frozen=True, eq=False)
class Samples:
    """What was seen (points 478 x 3 in pixels, guesses 52) of whom, and what is true: the actions
    (52), the head's turn in the camera's level world (3 x 3), the gaze (yaw, pitch; degrees)."""

    who: np.ndarray
    points: np.ndarray
    guesses: np.ndarray
    actions: np.ndarray
    turns: np.ndarray
    gaze_deg: np.ndarray

    @classmethod
    def read(cls, path: Path) -> Samples:
        with np.load(path) as kept:
            return cls(*(kept[name] for name in cls.__annotations__))

    def write(self, path: Path) -> None:
        np.savez(path, **vars(self))


def filmed(people: int, blinks: bool) -> Samples:
    """Pictures of so many people, looked at by MediaPipe."""
    rows: list[tuple[np.ndarray | int, ...]] = []
    renderer, tracker = Renderer((SIDE_PX, SIDE_PX)), FaceTracker(find("face_landmarker"))
    for who in range(people):
        rng = np.random.default_rng([8 if blinks else 7, who])
        for seen, *truth in _person(rng, renderer, tracker, blinks):
            rows.append((who, seen.xyz_px, seen.guesses, *truth))
        print(who, len(rows), flush=True)
    return Samples(*map(np.array, zip(*rows, strict=True)))


def _person(
    rng: np.random.Generator, renderer: Renderer, tracker: FaceTracker, blinks: bool
) -> Iterator[tuple[SeenFace, np.ndarray, np.ndarray, np.ndarray]]:
    phenotype = random_phenotype(rng)
    phenotype["age"] = max(phenotype["age"], 0.5)
    choices = random_head(by_kind(), phenotype, rng)
    dropped = {"hair", "hat"}
    dropped |= {"glasses"} if rng.random() < 0.7 else set()
    dropped |= {"brows"} if rng.random() < 0.25 else set()
    worn = tuple(choice for kind, choice in choices.items() if kind not in dropped)
    figure = make_figure(**phenotype)
    actor = Actor(figure, worn, float(rng.uniform(0.94, 1.05)))
    lighting = _light(rng, figure.head("head"))
    towards, size_m, far_m = rng.normal(0, [8, 4]), rng.uniform(0.32, 0.5), rng.uniform(0.4, 1.6)
    for number in range(BLINKS if blinks else FACES):
        calm = number < (BLINKS_CALM if blinks else CALM)
        turn = head_turn(*(rng.normal(0, [12, 8, 5]) if number else np.zeros(3)))
        gaze = np.clip(rng.normal(0, [10, 6]), -24, 24) * float(rng.random() < 0.6 and not blinks)
        wanted = {} if calm else _face(rng, number - BLINKS_CALM if blinks else None)
        turns = np.tile(np.eye(3), (len(BONE_NAMES), 1, 1))
        half = Rotation.from_rotvec(Rotation.from_matrix(turn).as_rotvec() / 2).as_matrix()
        turns[_BONE["neck02"]] = turns[_BONE["head"]] = half
        for side in "LR":
            turns[_BONE[f"eye.{side}"]] = head_turn(gaze[0], gaze[1], 0)
        posed = actor.posed(figure.head("root"), turns, wanted)
        camera = _camera(figure.head("head") + rng.normal(0, 0.02, 3), towards, size_m, far_m)
        rgb = renderer.render(_upper(posed.drawables), camera, lighting).rgb
        tracker.find(np.zeros_like(rgb), 0.0)  # nobody: each picture is looked at for itself
        seen = tracker.find(rgb, 0.0)
        if seen is not None:
            at = _BONE["head"]
            moved = posed.bones_world[at, :3, :3] @ figure.bones_world[at, :3, :3].T
            weights = np.array([wanted.get(action, 0.0) for action in ACTIONS])
            yield seen, weights, _LEVEL @ camera.rotation @ moved, gaze


def _face(rng: np.random.Generator, blink: int | None) -> dict[str, float]:
    """A face that people make, one action, or several that nobody would combine."""
    if blink is not None:
        level = (blink + 1) / (BLINKS - BLINKS_CALM)
        return {"eyeBlinkLeft": level, "eyeBlinkRight": level}
    dice, found = rng.random(), dict[str, float]()
    if dice < 0.4:
        found = random_face(rng)[1]
    else:
        for action in rng.choice(ACTIONS, 1 if dice < 0.75 else int(rng.integers(2, 6)), False):
            pair = {str(action)}
            if rng.random() < 0.7:
                pair.add(ACTIONS[MIRROR[ACTIONS.index(str(action))]])
            found |= dict.fromkeys(pair, float(rng.uniform(0.15, 1)))
    return {a: w for a, w in found.items() if not a.startswith("eyeLook") and a != "tongueOut"}


def _light(rng: np.random.Generator, head: np.ndarray) -> Lighting:
    ways = rng.normal([0, -1.2, 0.6], 1, (3, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    radiance = np.array([[1.5], [0.5], [0.4]]) * rng.uniform(0.6, 1.2, (3, 3))
    x, y, z = head.tolist()
    r, g, b = rng.uniform(0.05, 0.6, 3).tolist()
    return Lighting(ways, radiance, np.full(3, 0.02), (0.2, 0.2, 0.21), (x, y, z), 0.4, 1.0,
                    (r, g, b))  # fmt: skip


def _camera(head: np.ndarray, towards_deg: np.ndarray, size_m: float, far_m: float) -> Camera:
    aside, up = np.radians(towards_deg)
    back = np.array([np.sin(aside) * np.cos(up), -np.cos(aside) * np.cos(up), np.sin(up)])
    right = np.array([np.cos(aside), np.sin(aside), 0.0])
    rotation = np.stack([right, np.cross(-back, right), -back])
    centre = head + [0, -0.02, 0.05] + far_m * back
    focal, middle = far_m / size_m * SIDE_PX, (SIDE_PX - 1) / 2
    matrix = np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1]])
    return Camera("head", (SIDE_PX, SIDE_PX), matrix, np.zeros(0), rotation, -rotation @ centre)


def _upper(drawn: tuple[Drawable, ...]) -> tuple[Drawable, ...]:
    """Without what of the body lies below the picture."""
    body, *rest = drawn
    heights = body.mesh.vertices_m[body.mesh.faces][:, :, 2].min(1)
    keep = heights > heights.max() - 0.45
    assert body.mesh.uv is not None
    assert isinstance(body.part, np.ndarray)
    mesh = Mesh(body.mesh.vertices_m, body.mesh.faces[keep], body.mesh.uv[keep])
    return replace(body, mesh=mesh, part=body.part[keep]), *rest


def average(samples: Samples) -> np.ndarray:
    """The average calm face (478, 3), symmetric, its outer corners of the eyes 1 apart."""
    calm = samples.actions.sum(1) == 0
    points = heads.in_space(samples.points[calm].astype(float))
    shape = points[0] - points[0].mean(0)
    for _ in range(10):
        laid = nearest_similar(points, np.broadcast_to(shape, points.shape))
        shape = laid.mean(0) - laid.mean((0, 1))
    shape = (shape + shape[TWINS] * [-1, 1, 1]) / 2
    right, left = heads.OUTER_EYES
    shape = shape - shape[[right, left]].mean(0)
    return shape / np.linalg.norm(shape[left] - shape[right])


@dataclass(frozen=True, eq=False)
class Told:
    """What the samples tell, against the calm face of each: features, MediaPipe's guesses beyond
    it, the head's angles by the points and truly, what the irises and the lids say, the guesses,
    and how far they, the points and the eyes' opening are from the calm face's."""

    who: np.ndarray
    features: np.ndarray
    guessed: np.ndarray
    measured_deg: np.ndarray
    true_deg: np.ndarray
    irises: np.ndarray
    shut: np.ndarray
    guesses: np.ndarray
    moved: np.ndarray
    actions: np.ndarray
    gaze_deg: np.ndarray


def told(samples: Samples) -> Told:
    """The same for all people of whom two calm faces or more were seen."""
    rows: list[tuple[object, ...]] = []
    looks = [
        Look.at(SeenFace(points.astype(float), guesses.astype(float)))
        for points, guesses in zip(samples.points, samples.guesses, strict=True)
    ]
    for who in np.unique(samples.who):
        mine = np.flatnonzero(samples.who == who)
        calm = [looks[k] for k in mine if samples.actions[k].sum() == 0]
        if len(calm) < 2:
            continue
        rest = mean(calm)
        spare = np.maximum(1 - rest.guesses, 0.2)
        for k in mine:
            look = looks[k]
            rows.append((
                who, features(look, rest), np.clip((look.guesses - rest.guesses) / spare, 0, 1),
                TURN_DEG * angles(look.turn), TURN_DEG * angles(samples.turns[k]),
                np.append(iris(look), 1.0), (1 - look.open / rest.open).mean(),
                look.guesses, np.concatenate([
                    look.guesses - rest.guesses, (look.points - rest.points)[list(KEY)].ravel(),
                    look.open - rest.open,
                ]),
                samples.actions[k], samples.gaze_deg[k],
            ))  # fmt: skip
    return Told(*map(np.array, zip(*rows, strict=True)))


def ridge(x: np.ndarray, y: np.ndarray, strength: np.ndarray | float) -> np.ndarray:
    """Least squares with a pull towards zero."""
    return np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)


def _both(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """With the mirror image of each face."""
    return np.concatenate([x, mirrored(x, MIRROR)]), np.concatenate([y, y[:, MIRROR]])


def _folds(who: np.ndarray) -> list[np.ndarray]:
    people = np.unique(who)
    return [np.isin(who, people[k::FOLDS]) for k in range(FOLDS)]


def fit_actions(t: Told) -> dict[str, np.ndarray]:
    """The regression of the actions, and how much it and MediaPipe's guesses count in each."""
    best: tuple[float, float, np.ndarray] = (np.inf, 0.0, t.actions)
    for strength in LAMBDAS:
        left_out = np.zeros_like(t.actions)
        for out in _folds(t.who):
            known = ridge(*_both(t.features[~out], t.actions[~out]), strength)
            left_out[out] = np.clip(t.features[out] @ known, 0, 1)
        error = float(np.sqrt(((left_out - t.actions) ** 2).mean()))
        print(f"actions, ridge {strength:g}: {error:.4f} off, r {_r(left_out, t.actions):.3f}")
        if error < best[0]:
            best = error, strength, left_out
    _, strength, ours = best
    shares = np.zeros((2, len(ACTIONS)))
    for k in range(len(ACTIONS)):
        twins = [k, MIRROR[k]]
        x = np.stack([ours[:, twins].T.ravel(), t.guessed[:, twins].T.ravel()], axis=1)
        shares[:, k] = nnls(x, t.actions[:, twins].T.ravel())[0]
    mixed = np.clip(shares[0] * ours + shares[1] * t.guessed, 0, 1)
    for k, action in enumerate(ACTIONS):
        if t.actions[:, k].any():
            r = [_r(w[:, [k]], t.actions[:, [k]]) for w in (mixed, ours, t.guessed)]
            print(f"  {action:20} r {r[0]:.2f} (ours {r[1]:.2f}, MediaPipe {r[2]:.2f})")
    print(f"all actions: r {_r(mixed, t.actions):.3f}, MediaPipe {_r(t.guessed, t.actions):.3f}")
    return {"actions": ridge(*_both(t.features, t.actions), strength), "shares": shares}


def _r(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r, the mean over the columns that move."""
    moving = (a.std(0) > 1e-6) & (b.std(0) > 1e-6)
    each = [np.corrcoef(a[:, k], b[:, k])[0, 1] for k in np.flatnonzero(moving)]
    return float(np.sum(each) / (b.std(0) > 1e-6).sum())


def fit_turn(t: Told) -> np.ndarray:
    """What the head's angles by the points are short of the true ones: a constant, and the
    regression of the angles and the features. People differ by constants, which are left out."""

    def centred(values: np.ndarray) -> np.ndarray:
        means = {who: values[t.who == who].mean(0) for who in np.unique(t.who)}
        return values - np.array([means[who] for who in t.who])

    x, y = (
        centred(np.concatenate([t.measured_deg, t.features], 1)),
        centred(t.true_deg - t.measured_deg),
    )
    found: list[tuple[float, float]] = []
    for strength in LAMBDAS:
        left = np.zeros_like(y)
        pull = np.diag([1.0, 1.0, 1.0, *[strength] * (x.shape[1] - 3)])
        for out in _folds(t.who):
            a, b = x[~out], y[~out]
            left[out] = x[out] @ np.linalg.solve(a.T @ a + pull, a.T @ b)
        off = (y - centred(left)).std(0)
        found.append((float(off.mean()), strength))
        print(f"turn, ridge {strength:g}: {off.round(2)} degrees off (yaw, pitch, roll)")
    least = min(found)[0]
    strength = max(each for off, each in found if off <= NEAR_BEST * least)
    pull = np.diag([1.0, 1.0, 1.0, *[strength] * (x.shape[1] - 3)])
    slopes = np.linalg.solve(x.T @ x + pull, x.T @ y)
    plain = np.concatenate([t.measured_deg, t.features], 1)
    calm = t.actions.sum(1) == 0
    constant = (t.true_deg - t.measured_deg - plain @ slopes)[calm].mean(0)
    print(f"turn: ridge {strength:g}, constant {constant.round(2)}")
    return np.concatenate([constant[None], slopes])


def fit_gaze(t: Told) -> np.ndarray:
    """From the irises (across, up, 1) to the gaze (degrees), by eyes that are open."""
    lids = t.actions[:, [ACTIONS.index("eyeBlinkLeft"), ACTIONS.index("eyeBlinkRight")]].max(1)
    seen = lids < 0.3
    across, up, one = t.irises[seen].T
    even = np.stack([up, one], 1)
    found = np.zeros((3, 2))
    found[0, 0] = (across @ t.gaze_deg[seen, 0]) / (across @ across)
    found[1:, 1] = np.linalg.lstsq(even, t.gaze_deg[seen, 1], rcond=None)[0]
    print(f"gaze: r {_r(t.irises[seen] @ found, t.gaze_deg[seen]):.3f}")
    return found


def fit_calm(t: Told) -> dict[str, np.ndarray]:
    """What MediaPipe guesses of calm faces at most (of nineteen in twenty people), and how the
    points and the eyes' opening go with each guess beyond."""
    calm = t.actions.sum(1) == 0
    most = np.percentile(t.guesses[calm], 95, axis=0)
    most = np.maximum(most, most[MIRROR])
    beyond, moved = t.moved[:, : len(ACTIONS)], t.moved[:, len(ACTIONS) :]
    undo = ridge(beyond, moved, 10.0)
    left = moved - beyond @ undo
    print(f"guesses explain {1 - (left**2).sum() / (moved**2).sum():.0%} of how points move")
    return {"calm": most, "undo": undo}


def fit_lids(t: Told) -> np.ndarray:
    """By how much the gap of open eyes trembles, and closes in a whole blink of most people; in
    shares of the gap at rest."""
    open_eyes = t.shut[t.actions.sum(1) == 0]
    whole = [t.shut[t.who == who].max() for who in np.unique(t.who)]
    span = np.array([open_eyes.mean() + open_eyes.std(), np.median(whole)])
    print(f"lids: {span.round(3)}")
    return span


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("samples", type=Path)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--blinks", action="store_true")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--blinks-of", type=Path)
    given = parser.parse_args()
    if not given.fit:
        filmed(given.people, given.blinks).write(given.samples)
        return
    samples, file = Samples.read(given.samples), Path(heads.__file__).with_name("face.safetensors")
    known = {"shape": average(samples)}
    save_file({name: value.astype(np.float32) for name, value in known.items()}, file)
    heads.stored.cache_clear()
    seen = told(samples)
    known |= {**fit_actions(seen), "turn": fit_turn(seen), "gaze": fit_gaze(seen)}
    known |= fit_calm(seen)
    known["lids"] = fit_lids(told(Samples.read(given.blinks_of)))
    save_file({name: value.astype(np.float32) for name, value in known.items()}, file)
    print(f"{len(seen.who)} faces of {len(np.unique(seen.who))} people: {file}")


if __name__ == "__main__":
    main()
