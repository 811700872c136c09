"""Films with the people found drawn over them, and cameras followed from the command line."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from studio.cli import main as doppel
from studio.core.types import Crowd, Detections, Keypoints
from studio.human.layouts import layout
from studio.media.overlay import INK, drawn, write_overlay
from studio.media.video import open_clip
from studio.media.writer import VideoWriter

BODY = layout("coco_17")


def standing(x: float, sure: float = 1.0) -> Keypoints:
    """Somebody around a column of the picture, their left on the right."""
    xy = np.zeros((17, 2))
    for index, name in enumerate(BODY.points):
        side = ("left" in name) - ("right" in name)
        xy[index] = (x + 12 * side, 20 + 8 * index)
    return Keypoints("cam", 0.0, BODY, xy, np.full(17, sure))


def near(picture: np.ndarray, person: Keypoints, point: str) -> np.ndarray:
    x, y = person.xy_px[BODY.index(point)].round().astype(int)
    return picture[y, x].astype(float)


def test_left_is_blue_right_orange_and_the_unsure_faint():
    black = np.zeros((200, 160, 3), np.uint8)
    person = standing(80)
    picture = drawn(black, [person])
    assert near(picture, person, "left_wrist") == pytest.approx(INK[1], abs=6)
    assert near(picture, person, "right_wrist") == pytest.approx(INK[2], abs=6)
    faint = drawn(black, [standing(80, 0.3)])
    assert 10 < near(faint, person, "left_wrist").max() < 0.8 * INK[1].max()
    assert drawn(black, [standing(80, 0.0)]).max() == 0
    assert drawn(black, [standing(-400)]).max() == 0  # out of the picture
    assert black.max() == 0


def test_everybody_is_drawn_over_the_film(tmp_path):
    source = tmp_path / "cam.mp4"
    with VideoWriter(source, (160, 200), 25.0) as writer:
        for _ in range(4):
            writer.write(np.zeros((200, 160, 3), np.uint8))
    times = np.arange(4) / 25
    people = [standing(40), standing(120)]
    xy = np.stack([one.xy_px for one in people])[None, None].repeat(4, 0)
    sure = np.ones((4, 1, 2, 17))
    crowd = Crowd(("cam",), times, BODY, xy, sure, np.zeros((4, 1, 2), int))
    found = Detections(("cam",), times, BODY, xy[:, :, 0], sure[:, :, 0])
    shares: list[float] = []
    assert write_overlay(tmp_path / "over.mp4", source, found, crowd, told=shares.append) == 4
    assert shares[-1] == 1.0
    with open_clip(tmp_path / "over.mp4") as clip:
        frame = clip.frame(3)
    for person in people:
        assert near(frame.rgb, person, "left_wrist").max() > 120


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--overlay", "c.mp4"], "nothing to look at"),
        (["a.mp4", "--overlay", "c.png"], "an ending that is not written"),
        (["a.mp4"], "Where are the points to go"),
        (["a.mp4", "--overlay", "a.mp4"], "would replace the video"),
        (["a.mp4", "b.mp4", "--overlay", "c.mp4"], "one video"),
        (["a.mp4", "--out", "x", "--stream", "osc://127.0.0.1:39540"], "live or detected"),
        (["a.mp4", "--stream", "osc://10.0.0.1:39540"], "not this computer"),
        (["a.mp4", "b.mp4", "--stream", "json://127.0.0.1:0"], "calibrated"),
        (["missing.mp4", "--stream", "json://127.0.0.1:0"], "There is no"),
    ],
)
def test_what_cannot_be_asked_is_said(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doppel(["pose", *arguments, "--json"]) == 1
    assert said in json.loads(capsys.readouterr().out)["error"]


def test_a_film_is_followed_live_from_the_command_line(tmp_path, capsys, monkeypatch):
    class Nobody:
        layout, identity = BODY, "nobody"

        def detect(self, rgb, time_s=0.0):
            return ()

        def follow(self, people): ...
        def close(self): ...

    monkeypatch.setattr("studio.features.pose.stream.maker", lambda *how: Nobody)
    with VideoWriter(tmp_path / "cam.mp4", (96, 64), 50.0) as writer:
        for _ in range(20):
            writer.write(np.zeros((64, 96, 3), np.uint8))
    arguments = ["pose", str(tmp_path / "cam.mp4"), "--stream", "json://127.0.0.1:0", "--json"]
    assert doppel(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["count"] > 0
    assert told["with_somebody"] == 0


def test_a_picture_is_looked_at_wherever_it_lies(tmp_path, capsys, monkeypatch):
    """A file and the address of a picture are cameras of one frame; the overlay is a picture."""
    from studio.core.pictures import read_picture, write_picture
    from studio.perception.detector import Person2D

    class Somebody:
        layout, identity = BODY, "somebody"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def detect(self, rgb, time_s=0.0):
            one = standing(80)
            return (Person2D(BODY, one.xy_px, one.confidence),)

        def follow(self, people): ...
        def close(self): ...

    monkeypatch.setattr("studio.features.pose.engine.maker", lambda *how: Somebody)
    write_picture(tmp_path / "who is it.png", np.zeros((200, 160, 3), np.uint8))
    with served(tmp_path) as address:
        places = [str(tmp_path / "who is it.png"), f"{address}/who%20is%20it.png"]
        for number, place in enumerate(places):
            over, out = tmp_path / f"over{number}.png", tmp_path / f"out{number}.json"
            wanted = ["--out", str(out), "--overlay", str(over), "--no-use-cache", "--json"]
            assert doppel(["pose", place, *wanted]) == 0
            told = json.loads(capsys.readouterr().out)
            assert told["frames"] == 1
            assert told["facts"][0]["text"].startswith("1 camera, 1 frame:")
            picture = read_picture(over)
            assert near(picture, standing(80), "left_wrist") == pytest.approx(INK[1], abs=6)
        for wrong, said in (("missing.png", "cannot be fetched"), ("", "no picture")):
            assert doppel(["pose", f"{address}/{wrong}", "--out", "x.json", "--json"]) == 1
            assert said in json.loads(capsys.readouterr().out)["error"]


@contextmanager
def served(folder):
    """A web server of a folder, on this computer; its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_): ...

    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        running = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        running.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            running.join()
