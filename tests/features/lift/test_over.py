"""Lifted people over the film they came from."""

import json
from dataclasses import replace

import numpy as np
import pytest

from studio.cli import main as doppel
from studio.core.types import Camera, Motion
from studio.features.lift.engine import OUT, Lifting
from studio.features.lift.over import as_seen, write_over
from studio.human.layouts import layout
from studio.media.video import open_clip
from studio.media.writer import VideoWriter
from studio.perception.detector import Person2D

SIZE = (160, 200)
K = np.array([[150.0, 0, 79.5], [0, 150.0, 99.5], [0, 0, 1]])
CAMERA = Camera("cam", SIZE, K, np.zeros(0), np.eye(3), np.zeros(3))
BODY = layout("coco_17")


def lifting(x_m: float, shots: tuple[tuple[int, Camera], ...]) -> Lifting:
    """All points of somebody at a place before the camera; their nose was not seen."""
    xyz = np.zeros((4, len(OUT), 3))
    xyz += [x_m, 0.2, 4.0]
    nil = np.zeros(xyz.shape[:2])
    filled = nil > 0
    filled[:, OUT.index("nose")] = True
    motion = Motion(OUT, np.arange(4) / 25, xyz, nil, nil, nil.astype(int), filled)
    return Lifting(motion, CAMERA, False, shots, (), ())


def test_everybody_is_drawn_where_the_camera_of_each_shot_sees_them(tmp_path):
    aside = replace(CAMERA, translation_m=np.array([0.4, 0.0, 0.0]))
    shots = ((0, CAMERA), (2, aside))
    crowd = as_seen([lifting(-0.4, shots), lifting(0.8, shots)])
    assert crowd.xy_px.shape == (4, 1, 2, len(OUT), 2)
    np.testing.assert_allclose(crowd.xy_px[1, 0, 0], np.tile([64.5, 107.0], (len(OUT), 1)))
    np.testing.assert_allclose(crowd.xy_px[3, 0, 0], np.tile([79.5, 107.0], (len(OUT), 1)))
    sure = crowd.confidence[0, 0, 0]
    assert sure[OUT.index("nose")] < 0.5 < sure[OUT.index("neck")]
    with VideoWriter(tmp_path / "cam.mp4", SIZE, 25.0) as writer:
        for _ in range(4):
            writer.write(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    people = [lifting(-0.4, shots), lifting(0.8, shots)]
    assert write_over(tmp_path / "over.mp4", tmp_path / "cam.mp4", people) == 4
    with open_clip(tmp_path / "over.mp4") as clip:
        first, last = clip.frame(0).rgb, clip.frame(3).rgb
    assert min(first[107, 64].max(), first[107, 109].max(), last[107, 79].max()) > 100
    assert first[20].max() < 40


def test_the_command_draws_whom_it_lifts(tmp_path, capsys, monkeypatch):
    class Somebody:
        """Upright, their left on the right, in every picture."""

        layout, identity = BODY, "somebody upright"

        def detect(self, rgb, time_s=0.0):
            xy = np.zeros((17, 2))
            for index, name in enumerate(BODY.points):
                xy[index] = (80 + 12 * (("left" in name) - ("right" in name)), 20 + 9 * index)
            return (Person2D(BODY, xy, np.full(17, 0.9)),)

        def follow(self, people): ...
        def close(self): ...
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr("studio.features.lift.command.maker", lambda *how: Somebody)
    film, over = tmp_path / "cam.mp4", tmp_path / "over.mp4"
    with VideoWriter(film, SIZE, 25.0) as writer:
        for _ in range(12):
            writer.write(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
    wanted = ["--out", str(tmp_path / "a.trc"), "--overlay", str(over), "--no-compare", "--json"]
    assert doppel(["lift", str(film), *wanted]) == 0
    assert json.loads(capsys.readouterr().out)["overlay"] == str(over)
    with open_clip(over) as clip:
        assert clip.frames == 12
        assert (clip.frame(6).rgb.max(-1) > 100).sum() > 150


@pytest.mark.parametrize(
    ("source", "overlay", "said"),
    [
        ("points.npz", "over.mp4", "no film to draw over"),
        ("cam.mp4", "cam.mp4", "would replace the video"),
        ("cam.mp4", "over.png", "ending that is not written"),
    ],
)
def test_what_cannot_be_drawn_is_said(source, overlay, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wanted = ["--out", "a.trc", "--overlay", overlay, "--json"]
    assert doppel(["lift", source, *wanted]) == 1
    assert said in json.loads(capsys.readouterr().out)["error"]
