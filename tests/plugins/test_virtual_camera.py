"""The virtual camera: pictures arrive whole, and its absence is explained."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import Project
from studio.jobs import Context, run
from studio.live.outlets.frames import FrameOutlet, Picture, Wish
from studio.media.writer import VideoWriter
from studio.registry import Registry, discover

PLUGINS = Path(__file__).parents[2] / "plugins"


def film(path: Path, frames: int, rate_hz: float = 60.0) -> Path:
    """A film that grows brighter by two a picture, from 40."""
    with VideoWriter(path, (96, 64), rate_hz) as writer:
        for number in range(frames):
            writer.write(np.full((64, 96, 3), 40 + 2 * (number % 90), np.uint8))
    return path


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover([PLUGINS])


class Device:
    """Stands in for pyvirtualcam.Camera; refuses what the real one refuses."""

    made: list[Device] = []  # noqa: RUF012

    def __init__(self, width: int, height: int, fps: float) -> None:
        self.width, self.height, self.fps = width, height, fps
        self.device, self.closed, self.pulled = "/dev/video9", False, False
        self.seen: list[np.ndarray] = []
        Device.made.append(self)

    def send(self, frame: np.ndarray) -> None:
        if self.pulled:
            raise RuntimeError("error writing frame")
        assert frame.shape == (self.height, self.width, 3)
        assert frame.dtype == np.uint8
        assert frame.flags.c_contiguous
        self.seen.append(frame.copy())

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def driver(monkeypatch) -> type[Device]:
    Device.made = []
    module = ModuleType("pyvirtualcam")
    module.Camera = Device  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    return Device


def sink_of(registry: Registry) -> ModuleType:
    feature = registry["virtual_camera"]
    return importlib.import_module(f"{feature.package}.sink")


def test_the_stage_finds_it_without_importing_pyvirtualcam(registry, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)  # any import of it fails
    (feature,) = registry.offering("frames")
    assert feature.id == "virtual_camera"
    make = feature.load("frames")
    assert "GPL" in feature.manifest.licence
    with pytest.raises(StudioError, match="not installed") as caught:
        make(Wish((640, 480)))
    assert "pip install pyvirtualcam" in caught.value.hint


@pytest.mark.parametrize(
    ("system", "what"), [("linux", "v4l2loopback"), ("win32", "OBS"), ("darwin", "OBS")]
)
def test_a_missing_driver_is_explained_for_each_system(registry, monkeypatch, driver, system, what):
    def none(*_: object) -> Device:
        raise RuntimeError("no v4l2 loopback device found")

    monkeypatch.setattr(sys.modules["pyvirtualcam"], "Camera", none)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(StudioError, match="no virtual camera on this computer") as caught:
        sink_of(registry).open_camera(Wish((640, 480)))
    assert what in caught.value.hint


@pytest.mark.skipif(sys.platform != "linux", reason="looks for v4l2loopback")
def test_the_real_package_says_so_too(registry):
    """Where pyvirtualcam is installed and the driver is not."""
    pytest.importorskip("pyvirtualcam")
    if list(Path("/sys/devices/virtual/video4linux").glob("*")):
        pytest.skip("there is a virtual camera here")
    with pytest.raises(StudioError, match="no virtual camera on this computer"):
        sink_of(registry).open_camera(Wish((640, 480)))


def test_pictures_of_the_stage_arrive_through_an_outlet(registry, driver):
    make = registry["virtual_camera"].load("frames")
    outlet = FrameOutlet("virtual camera", lambda: make(Wish((64, 48), 25.0)), every=True)
    rgba = np.zeros((48, 64, 4), np.uint8)
    rgba[..., 0], rgba[:, :32, 3] = 200, 255
    rgba[:, 32:, 3] = 51
    outlet.show(Picture(rgba, 1.0))
    outlet.show(Picture(np.full((48, 64, 3), 7, np.uint8), 2.0))
    outlet.close()
    assert outlet.error is None
    (camera,) = driver.made
    assert (camera.width, camera.height, camera.fps, camera.closed) == (64, 48, 25.0, True)
    first, second = camera.seen
    assert first[0, 0].tolist() == [200, 0, 0]
    assert first[0, 63].tolist() == [40, 0, 0]  # a fifth of it, over black
    assert (second == 7).all()


def test_other_sizes_are_fitted_into_the_middle(registry, driver):
    camera = sink_of(registry).open_camera(Wish((65, 49)))
    assert camera.size_px == (64, 48)  # odd sizes have no half chroma
    camera.write(Picture(np.full((100, 100, 3), 9, np.uint8), 0.0))
    (shown,) = driver.made[0].seen
    assert (shown[:, 8:56] == 9).all()
    assert not shown[:, :8].any()
    assert not shown[:, 56:].any()


def test_a_camera_that_goes_is_told(registry, driver):
    camera = sink_of(registry).open_camera(Wish((4, 4)))
    driver.made[0].pulled = True
    with pytest.raises(StudioError, match="takes no pictures"):
        camera.write(Picture(np.zeros((4, 4, 3), np.uint8), 0.0))


def test_a_film_is_shown_as_a_webcam(registry, driver, tmp_path):
    feature = registry["virtual_camera"]
    path = film(tmp_path / "cam.mp4", 12, 60.0)
    params = feature.params(film=str(path), loop=False)
    inputs = feature.step.inputs(Project(), (), Assets(tmp_path))
    result = run(feature.engine(params, inputs, Context()))
    (camera,) = driver.made
    assert camera.closed
    assert result.shown == len(camera.seen) > 0
    assert camera.seen[-1].mean() == pytest.approx(40 + 2 * 11, abs=3)
    packed = feature.step.pack(inputs, params, result, Assets(tmp_path), 1.0)
    assert packed.facts[0].text.startswith(f"{result.shown} pictures")


def test_it_ends_when_asked_and_says_what_is_missing(registry, driver, monkeypatch, tmp_path):
    feature = registry["virtual_camera"]
    params = feature.params(film=str(film(tmp_path / "cam.mp4", 30, 60.0)))
    context = Context()
    run(feature.engine(params, None, context), lambda sent: sent.shown and context.finish())
    assert driver.made[0].closed
    for wrong, said in (("", "No film"), ("/dev/video0", "is no film"), ("x.mp4", "There is no")):
        with pytest.raises(StudioError, match=said):
            run(feature.engine(feature.params(film=wrong), None, Context()))
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(StudioError, match="not installed"):
        run(feature.engine(params, None, Context()))
