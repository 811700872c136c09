"""A film that is followed: in which order, what is missed, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.types import Animation, Armature, Camera, Character, Material, Mesh, Part
from studio.features.body import followed as module
from studio.features.body.command import main
from studio.features.body.film_files import write_meshes, write_over
from studio.features.body.filmed import Still
from studio.features.body.followed import Film, followed
from studio.features.body.moving import like
from studio.human.bodies.following import Followed
from studio.human.design import Design
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.jobs import Context
from studio.media.video import open_clip
from studio.synth import designed

START, LOST = 30, (4, 33)


def written(path: Path, frames: int) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=60)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for k in range(frames):
            picture = np.full((48, 64, 3), 40 + 3 * k, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))
    return path


class Pose:
    """A pose whose root is where its picture's number says."""

    def __init__(self, number: int):
        self.number = number
        self.turns_rad = np.zeros((len(BONE_NAMES), 3))
        self.poses = self
        self.root_m = np.array([[float(number), 0, 1.0]])


@pytest.fixture
def film(tmp_path, monkeypatch):
    """A film of 60 pictures a second; whoever is followed is where the picture's number says."""
    path, asked = written(tmp_path / "walk.mp4", 64), []

    class Looker:
        def __init__(self, files):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def file(self, still):
            xy = np.zeros((553, 2))
            xy[0, 1] = 40.0
            return type("Photo", (), {"keypoints": type("K", (), {"xy_px": xy})})

        def follow(self, name, rgb, last, missed):
            asked.append((int(name), getattr(last, "number", None), missed))
            assert abs(int(rgb[0, 0, 0]) - 40 - 3 * int(name)) < 6, "the picture of that number"
            return None if int(name) in LOST else Pose(int(name))

    class Follows:
        camera = Camera("film", (64, 48), np.diag([60.0, 60, 1]), np.zeros(0), np.eye(3),
                        np.zeros(3))  # fmt: skip
        first = Pose(-1)

        def __init__(self, design, height_m, photo):
            pass

        def find(self, photo, before):
            return Pose(photo.number)

        def calmed(self, found, times_s):
            numbers = [np.nan if one is None else one.number for one in found]
            root = np.column_stack([numbers, np.zeros(len(found)), np.ones(len(found))])
            off = np.where(np.isnan(numbers), np.nan, 2.0)
            return Followed(np.zeros((len(found), len(BONE_NAMES), 3)), root,
                            np.zeros((len(found), len(ACTIONS))), off)  # fmt: skip

    monkeypatch.setattr(module, "BodyLooker", Looker)
    monkeypatch.setattr(module, "Follower", Follows)
    monkeypatch.setattr(module, "find", lambda name: Path(name))
    monkeypatch.setattr(module, "photograph_of", lambda *_: Still(path, START, START / 60))
    return path, asked


def test_pictures_are_taken_forward_and_then_backward_from_the_best(film):
    path, asked = film
    steps = followed(path, None, Design(), designed.still(Design()), Context())
    moments = []
    while True:
        try:
            moments.append(next(steps))
        except StopIteration as end:
            done = end.value
            break
    forward, back = list(range(START, 64, 2)), list(range(START - 2, -1, -2))
    assert [number for number, _, _ in asked] == forward + back, "30 a second of 60"
    assert (32, 30, 0) in asked
    assert (28, None, 0) in asked, "backward from the first picture again"
    assert (2, 6, 1) in asked, "after a picture in which nobody was seen"
    assert done.numbers.tolist() == list(range(0, 64, 2))
    assert len(moments) == 31
    assert np.isnan(done.off_px[2])
    assert done.fit.root_m[5, 0] == 10.0
    assert done.fit.times_s[[0, 1]] == pytest.approx((0, 2 / 60), abs=1e-3)
    told = {fact.label: fact for fact in done.facts}
    assert told["Film"].text == "a body in 31 of 32 pictures"
    assert told["Film"].verdict == "good"
    assert "2.0 px" in told["Its poses"].text


def character() -> Character:
    bones = Armature(BONE_NAMES, *_rest())
    square = np.array([[-0.4, 0, -0.4], [0.4, 0, -0.4], [0.4, 0, 0.4], [-0.4, 0, 0.4]])
    weights = np.tile([1.0, 0, 0, 0], (4, 1))
    mesh, red = (
        Mesh(square, np.array([[0, 1, 2], [0, 2, 3]])),
        Material("red", (1.0, 0.0, 0.0, 1.0)),
    )
    part = Part("body", mesh, red, np.zeros((4, 4), int), weights,
                {name: np.zeros((4, 3)) for name in ACTIONS})  # fmt: skip
    return Character("Ada", bones, (part,), ACTIONS)


def _rest():
    _, bones = designed.resting(Design(), actions=False)
    return bones.parents, bones.rest_world, bones.tails_m


def test_meshes_and_a_film_are_written(tmp_path, film):
    path, _ = film
    look = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    camera = Camera("film", (64, 48), np.array([[60.0, 0, 31.5], [0, 60, 23.5], [0, 0, 1]]),
                    np.zeros(0), look, -look @ np.array([0, -3.0, 0]))  # fmt: skip
    made, numbers = character(), np.array([0, 2, 4])
    still = designed.still(Design())
    root = made.armature.rest_world[0, :3, 3]
    roots = root + np.array([[0, 0, 0], [0.1, 0, 0], [0.2, 0, 0]])
    fit = like(still, numbers / 60, np.zeros((3, len(BONE_NAMES), 3)), roots,
               np.zeros((3, len(ACTIONS))))  # fmt: skip
    done = Film(path, fit, camera, numbers, np.ones(3), 40.0, 1.0)
    over = write_over(tmp_path / "over.mp4", done, made, lambda share, text: None)
    with open_clip(over) as clip:
        first, last = np.asarray(clip.frame(0).rgb), np.asarray(clip.frame(2).rgb)
    assert first.shape == (48, 128, 3)
    red = np.flatnonzero((first[24, 64:].astype(int) @ [2, -1, -1]) > 80)
    assert 5 < len(red) < 40
    moved = np.flatnonzero((last[24, 64:].astype(int) @ [2, -1, -1]) > 80)
    assert moved.mean() - red.mean() == pytest.approx(0.2 * 60 / 3.0, abs=1.5)
    assert abs(int(first[24, 10, 0]) - 40) < 8, "beside it the picture as it is"
    world = np.tile(made.armature.rest_world, (3, 1, 1, 1))
    world[:, :, 0, 3] += np.array([0, 0.1, 0.2])[:, None]
    moving = replace(made, animation=Animation(fit.times_s, world, np.zeros((3, len(ACTIONS)))))
    write_meshes(tmp_path / "meshes", moving, "Ada", lambda share, text: None)
    files = sorted(one.name for one in (tmp_path / "meshes").iterdir())
    assert files == ["Ada_0001.ply", "Ada_0002.ply", "Ada_0003.ply"]
    sizes = {(tmp_path / "meshes" / name).stat().st_size for name in files}
    assert len(sizes) == 1, "the same vertices and triangles"
    assert (tmp_path / "meshes" / files[0]).read_bytes() != (
        tmp_path / "meshes" / files[2]
    ).read_bytes()


def test_what_cannot_be_followed_is_said(tmp_path):
    photo, out = tmp_path / "a.png", tmp_path / "a.glb"
    with pytest.raises(StudioError, match="no film to follow"):
        main((photo,), out=out, follow=True)
    with pytest.raises(StudioError, match="2 films"):
        main((tmp_path / "a.mp4", tmp_path / "b.mp4"), out=out, follow=True)
    with pytest.raises(StudioError, match="no motion"):
        main((photo,), meshes=tmp_path / "m")
    with pytest.raises(StudioError, match="ending"):
        main((photo,), overlay=tmp_path / "a.mp4")
