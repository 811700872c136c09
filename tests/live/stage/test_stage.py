"""Layers lie over each other as they are told, avatars go where faces are, and light is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from avatar_people import person
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.document.stage import (
    AvatarLayer,
    CameraLayer,
    ColourLayer,
    PictureLayer,
    Stage,
    stage_of,
)
from studio.live.outlets.frames import Picture, Wish
from studio.live.performance import Performance
from studio.live.stage import Stager, blending
from studio.live.stage.film import film_sink
from studio.live.stage.light import LightFinder, of_skin, shine_of
from studio.live.stage.placing import eyes_in
from studio.perception.faces.head import stored
from studio.perception.faces.lit import normals
from studio.render.environment import MATT, basis

SIZE = (120, 90)


def face_at(x: float, y: float, wide: float) -> np.ndarray:
    """The average face seen from the front: points in a picture."""
    shape = stored()["shape"]
    return shape[:, [0, 2, 1]] * (wide, -wide, wide) + (x, y, 0.0)


def said(time_s: float = 0.0, face: np.ndarray | None = None) -> Performance:
    return Performance(time_s, np.zeros(52), face=float(face is not None), face_px=face)


def grey(level: int = 90, size: tuple[int, int] = SIZE) -> Frame:
    return Frame("cam", 0.0, np.full((size[1], size[0], 3), level, np.uint8))


def test_the_order_of_layers_decides_what_is_seen() -> None:
    red, blue = (ColourLayer(name=n, rgb=c) for n, c in (("r", (255, 0, 0)), ("b", (0, 0, 255))))
    with Stager() as stager:

        def shown(*layers: ColourLayer) -> list[int]:
            stage = Stage(size_px=SIZE, layers=layers)
            return stager.show(stage, said(), None).rgba[5, 5].tolist()

        assert shown(red, blue) == [0, 0, 255, 255]
        assert shown(blue, red) == [255, 0, 0, 255]
        assert shown(red, blue.model_copy(update={"visible": False})) == [255, 0, 0, 255]
        half = shown(red, blue.model_copy(update={"opacity": 0.5}))
        assert half == pytest.approx([128, 0, 128, 255], abs=2)
        alone = shown(blue.model_copy(update={"opacity": 0.5}))
        assert alone == pytest.approx([0, 0, 255, 128], abs=2)
        assert shown() == [0, 0, 0, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_laying_over_is_what_the_formula_says(a: int, b: int, over: int, under: int) -> None:
    front, behind = (
        blending.multiplied(np.full((3, 3, 4), (colour, colour, colour, alpha), np.uint8))
        for colour, alpha in ((a, over), (b, under))
    )
    out = blending.laid_over(behind.copy(), front)[1, 1].astype(float)
    share = over / 255
    assert out[3] == pytest.approx(over + under * (1 - share), abs=1.5)
    assert out[0] == pytest.approx(a * share + b * under / 255 * (1 - share), abs=2.5)


def test_pictures_fill_the_stage_and_keep_their_alpha(tmp_path: Path) -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[:, :20] = (0, 200, 0, 255)
    cv2.imwrite(str(tmp_path / "half.png"), rgba[..., [2, 1, 0, 3]])
    stage = Stage(size_px=SIZE, layers=(PictureLayer(name="p", path=str(tmp_path / "half.png")),))
    with Stager() as stager:
        out = stager.show(stage, said(), None).rgba
        assert out[45, 20].tolist() == [0, 200, 0, 255]
        assert out[45, 100, 3] == 0
        with pytest.raises(StudioError, match="no file"):
            stager.show(stage_of("gone.png", size_px=SIZE), said(), None)


def test_the_camera_is_mirrored_and_blurred() -> None:
    frame = grey()
    frame.rgb[:, :60] = 255
    camera = CameraLayer(name="c")
    with Stager() as stager:

        def shown(layer: CameraLayer, mirrored: bool = False) -> np.ndarray:
            stage = Stage(size_px=SIZE, layers=(layer,))
            return stager.show(stage, said(), frame, mirrored=mirrored).rgba[45, :, 0].astype(int)

        assert (shown(camera)[10], shown(camera)[110]) == (255, 90)
        assert (shown(camera, True)[10], shown(camera, True)[110]) == (90, 255)
        soft = shown(camera.model_copy(update={"blur": 0.1}))
        assert 100 < soft[60] < 245
        assert np.abs(np.diff(soft)).max() < 40


def test_an_avatar_over_the_face_goes_where_the_face_is_and_has_its_size() -> None:
    size = (320, 240)
    stage = Stage(size_px=size, layers=(AvatarLayer(name="a", place="face", lit=False),))

    def covered(face: np.ndarray, mirrored: bool = False) -> tuple[float, float]:
        with Stager(lambda _: person()) as stager:
            out = stager.show(stage, said(0.0, face), grey(size=size), mirrored=mirrored)
        alpha = out.rgba[..., 3] > 128
        y = int(eyes_in(face)[0][1])
        columns = np.flatnonzero(alpha[y])
        return float(columns.mean()), float(len(columns))

    small, large = (face_at(100, 120, wide) for wide in (40, 60))
    x, width = covered(small)
    (eyes_x, _), _ = eyes_in(small)
    assert x == pytest.approx(eyes_x, abs=3)
    assert covered(large)[1] == pytest.approx(1.5 * width, rel=0.08)
    assert covered(small, mirrored=True)[0] == pytest.approx(319 - eyes_x, abs=3)


def test_an_avatar_whose_face_is_lost_stays_a_moment_then_fades() -> None:
    size = (160, 120)
    stage = Stage(size_px=size, layers=(AvatarLayer(name="a", place="face", lit=False),))
    with Stager(lambda _: person()) as stager:
        seen = [
            stager.show(stage, said(t, face_at(80, 60, 30) if t == 0 else None), grey(size=size))
            .rgba[60, 80, 3]
            for t in (0.0, 0.9, 1.5, 3.0)
        ]  # fmt: skip
    assert seen[0] == seen[1] == 255
    assert 60 < seen[2] < 200
    assert seen[3] == 0


def lit_picture(light: np.ndarray, face: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A face of even skin, lit by harmonics (9, 3): its points as blots of colour."""
    skin = np.array([0.46, 0.28, 0.20])
    colour = np.clip(skin * (basis(normals(face)) @ light), 0, 1) ** (1 / 2.2)
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[:] = 30
    for k in np.argsort(-face[:468, 2]):
        x, y = np.rint(face[k, :2]).astype(int)
        told = [int(255 * v) for v in colour[k]]
        cv2.circle(picture, (int(x), int(y)), 4, told, -1)
    return picture


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_light_is_found_where_it_comes_from(side: float) -> None:
    light = np.zeros((9, 3))
    light[0] = 1.6
    light[3], light[2], light[1] = 0.5 * side, 0.25, -0.35
    face = face_at(160, 120, 110)
    picture = lit_picture(light, face, (320, 240))
    found = of_skin(picture, face)
    assert found is not None
    shine = shine_of(found)
    true = np.array((0.5 * side, -0.35, 0.25))
    true /= np.linalg.norm(true)
    towards = np.array(shine.towards)
    assert np.degrees(np.arccos(np.clip(towards @ true, -1, 1))) < 25
    # what an avatar receives from both sides is as unlike as on the face
    facing = np.array([[0.8 * side, -0.6, 0], [-0.8 * side, -0.6, 0]])
    received = basis(facing) @ (MATT[:, None] * shine.ambient)
    received += np.maximum((facing @ towards + 0.15) / 1.15, 0)[:, None] * np.array(shine.key)
    wanted = basis(facing) @ light
    assert received[0].mean() / received[1].mean() == pytest.approx(
        wanted[0].mean() / wanted[1].mean(), rel=0.3
    )


def test_warm_light_is_warm_in_part_and_is_followed_calmly() -> None:
    face = face_at(160, 120, 110)
    even, warm = np.zeros((9, 3)), np.zeros((9, 3))
    even[0], warm[0] = 3.0, (3.4, 2.6, 1.4)
    finder = LightFinder(every_s=0.0)
    size = (320, 240)
    before = finder.find(lit_picture(even, face, size), face, 0.0)
    just = finder.find(lit_picture(warm, face, size), face, 0.04)
    after = finder.find(lit_picture(warm, face, size), face, 9.0)
    assert before is not None
    assert just is not None
    assert after is not None
    warmth = [s.ambient[0, 0] / s.ambient[0, 2] for s in (before, just, after)]
    assert warmth[0] == pytest.approx(1.0, abs=0.15)
    assert warmth[2] > warmth[0] * 1.3
    assert warmth[0] <= warmth[1] < warmth[0] + 0.25 * (warmth[2] - warmth[0])
    assert finder.find(np.zeros((240, 320, 3), np.uint8), None, 10.0) is not None  # the last stays


def test_light_is_looked_for_now_and_then_and_again_when_a_film_begins_again() -> None:
    looked: list[float] = []
    even = np.zeros((9, 3))
    even[0] = 2.0

    def find(rgb: np.ndarray, face_px: np.ndarray) -> np.ndarray:
        looked.append(1.0)
        return even

    finder, face, picture = LightFinder(find, 0.2), face_at(160, 120, 110), np.zeros((2, 2, 3))
    for time_s, looks in ((5.0, 1), (5.1, 1), (5.25, 2), (0.0, 3), (0.1, 3)):
        assert finder.find(picture, face, time_s) is not None
        assert len(looked) == looks
    finder.find(picture, None, 9.0)
    assert len(looked) == 3


@pytest.mark.parametrize("name", ["f.mp4", "f.webm", "f.mov", "folder"])
def test_films_are_read_back_with_their_alpha_and_times(tmp_path: Path, name: str) -> None:
    pixels = np.zeros((48, 64, 4), np.uint8)
    pixels[:, 32:] = (200, 40, 40, 255)
    sink = film_sink(tmp_path / name, Wish((64, 48), 25.0))
    for k in range(10):
        sink.write(Picture(pixels, 7.0 + k / 25))
    sink.write(Picture(pixels, 7.0))  # late: left out
    sink.close()
    sink.close()
    if name == "folder":
        found = sorted((tmp_path / name).glob("*.png"))
        assert len(found) == 11
        back = cv2.imread(str(found[3]), cv2.IMREAD_UNCHANGED)
        assert back is not None
        np.testing.assert_array_equal(back[..., [2, 1, 0, 3]], pixels)
        return
    codec = {"f.webm": "libvpx-vp9"}.get(name)
    with av.open(str(tmp_path / name)) as container:
        stream = container.streams.video[0]
        assert not container.streams.audio
        decoder: Any = av.CodecContext.create(codec, "r") if codec else None
        frames = (
            [f for p in container.demux(stream) for f in decoder.decode(p)]
            if decoder
            else list(container.decode(stream))
        )
    assert len(frames) == 10
    picture = frames[4].to_ndarray(format="rgba")
    assert picture[24, 50, :3] == pytest.approx([200, 40, 40], abs=14)
    if name != "f.mp4":
        assert picture[24, 10, 3] < 8
        assert picture[24, 50, 3] > 245
    else:
        assert picture[24, 10, :3] == pytest.approx([255, 255, 255], abs=6)
    assert frames[9].time - frames[0].time == pytest.approx(9 / 25, abs=0.005)


def test_a_film_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"\.gif"):
        film_sink(tmp_path / "f.gif", Wish(SIZE))


def test_layers_are_moved_and_backgrounds_named() -> None:
    stage = stage_of("camera")
    assert [layer.kind for layer in stage.layers] == ["camera", "avatar"]
    assert [layer.kind for layer in stage.moved(0, 1).layers] == ["avatar", "camera"]
    assert stage_of("transparent").layers[0].kind == "avatar"
    assert stage_of("#102030").layers[0].rgb == (16, 32, 48)  # pyright: ignore
    assert Stage.model_validate_json(stage.model_dump_json()) == stage
    with pytest.raises(ValueError, match="colour"):
        stage_of("#12")
