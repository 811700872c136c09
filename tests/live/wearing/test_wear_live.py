"""Lanes of a try-on: the newest picture is dressed and handed on, mirrored and compared."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.core.items import AnchorPoint
from studio.core.types import Frame
from studio.jobs import Context, run
from studio.live.lanes import Lasted
from studio.live.opening import opened
from studio.live.outlets.frames import FrameOutlet, Picture
from studio.live.wearing.live import WearControls, WearNow, beside, kinds_of, wear
from studio.live.wearing.wear_settings import WearSettings
from studio.live.wearing.worn import Wearer, Worn
from studio.media.writer import VideoWriter

SIZE = (96, 64)


class Dresser:
    """Puts a red bar at the left of what it is shown; blue is the other way of hiding."""

    def __init__(self) -> None:
        self.nudges: dict[str, np.ndarray] = {}
        self.threads: set[str] = {threading.current_thread().name}
        self.closed = False

    def show(self, frame: Frame, settings: WearSettings) -> Worn:
        self.threads.add(threading.current_thread().name)
        rgba = np.dstack([frame.rgb, np.full(frame.rgb.shape[:2], 255, np.uint8)])
        rgba[:, :24] = (250, 10, 10, 255)
        other = None
        if settings.compare is not None:
            other = rgba.copy()
            other[:, :24] = (10, 10, 250, 255)
        seen = np.zeros(frame.rgb.shape[:2], np.uint8)
        seen[:, :24] = 255
        wearer = Wearer(0, ("eyes", "head", "ear.L", "ear.R"), 0.15, 0.3)
        return Worn(rgba, frame.time_s, {"track": 2.0}, (wearer,), 0.3, {"bar": seen},
                    compared=other)  # fmt: skip

    def close(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.closed = True


class Sink:
    def __init__(self) -> None:
        self.taken: list[Picture] = []

    def write(self, picture: Picture) -> None:
        self.taken.append(picture)

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "cam.mp4"
    with VideoWriter(path, SIZE, 30.0) as writer:
        for _ in range(45):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))
    return path


def dress(film, controls: WearControls, **how) -> tuple[list[WearNow], Lasted, Dresser]:
    context, made = Context(), []

    def make() -> Dresser:
        made.append(Dresser())
        return made[-1]

    seen: list[WearNow] = []
    with opened([str(film)], context) as cameras:
        lasted = run(wear(cameras, make, controls, context, **how), seen.append)
    return seen, lasted, made[0]


def test_pictures_are_dressed_on_one_thread_and_reach_whoever_takes_them(film) -> None:
    controls, sink = WearControls(), Sink()
    outlet = FrameOutlet("film", lambda: sink, every=True)
    controls.outlets = {"film": outlet}
    seen, lasted, dresser = dress(film, controls)
    outlet.close()
    assert dresser.closed
    assert dresser.threads == {"wear"}
    assert lasted.with_somebody == lasted.count == len(seen) > 3
    assert controls.size_px == SIZE
    assert len(sink.taken) >= len(seen)
    assert sink.taken[-1].pixels[5, 5].tolist() == [250, 10, 10, 255]
    last = seen[-1]
    assert last.kinds == {"glasses", "sunglasses", "hat", "ears", "earrings"}
    assert last.latency_ms > 0
    assert {"grab", "track"} <= set(last.stages_ms)


def test_a_mirror_turns_what_leaves_and_two_ways_stand_side_by_side(film) -> None:
    controls = WearControls(WearSettings(compare="static"))
    plain = dress(film, controls)[0][-1]
    assert plain.rgba[5, 5, :3].tolist() == [10, 10, 250]  # the other way at the left
    assert plain.rgba[5, 53, :3].tolist() == [250, 10, 10]
    assert plain.rgba.shape == (*SIZE[::-1], 4)
    controls.mirrored = True
    turned = dress(film, controls)[0][-1]
    assert turned.rgba[5, 42, :3].tolist() == [10, 10, 250]
    assert turned.rgba[5, 90, :3].tolist() == [250, 10, 10]
    assert turned.mirrored


def test_who_cannot_dress_anybody_says_so(film) -> None:
    def make() -> Dresser:
        raise StudioError("OpenGL is missing.", "Install it.")

    with (
        opened([str(film)], Context()) as cameras,
        pytest.raises(StudioError, match="OpenGL is missing"),
    ):
        run(wear(cameras, make, WearControls(), Context()))


def test_parts_of_a_body_offer_what_goes_on_them() -> None:
    def seen(*points: AnchorPoint, there: frozenset[AnchorPoint] = frozenset()) -> Worn:
        wearer = Wearer(0, points, 0.15, 0.0)
        return Worn(np.zeros((2, 2, 4), np.uint8), 0.0, wearers=(wearer,), there=there)

    assert kinds_of(seen("wrist.R")) == {"watch"}
    assert kinds_of(seen("eyes", "head")) == {"glasses", "sunglasses", "hat", "ears"}
    assert kinds_of(seen()) == frozenset()
    assert kinds_of(seen("ear.L", there=frozenset(("foot.R", "neck")))) == {
        "earrings", "shoes", "necklace"
    }  # fmt: skip


def test_halves_are_cut_where_the_thing_is() -> None:
    left = np.zeros((4, 10, 3), np.uint8)
    left[:, :] = np.arange(10)[None, :, None]
    out = beside(left, left + 100, 8.0)
    assert out[0, 0, 0] == 5  # the half about column 8 would leave the picture
    assert out[0, 9, 0] == 109
    assert beside(left, left + 100, -3.0)[0, 0, 0] == 0
    odd = beside(left[:, :9], left[:, :9] + 100, 4.0)
    assert odd.shape == (4, 9, 3)
    wide = np.full((40, 40, 4), 255, np.uint8)
    wide[:, :6, 0] = wide[:, -6:, 0] = 0  # the ends of something that fills the picture
    shown = beside(wide, wide, 20.0, 38.0)
    assert (shown[..., 3] == 255).all()
    assert shown[20, [1, 17, 22, 38], 0].max() == 0  # both ends of it, twice
    assert shown[20, [10, 30], 0].min() == 255
    assert shown[[0, 39], :, 0][:, [10, 30]].max() == 0  # smaller: nothing above and below
