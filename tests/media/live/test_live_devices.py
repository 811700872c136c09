"""Devices: modes tried in order, refusals in words, controls, ids, and drivers that hang."""

from __future__ import annotations

import errno
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from network_cameras import jpeg, until

from studio.core.errors import StudioError
from studio.media.live import controls
from studio.media.live.camera import Patience
from studio.media.live.devices import devices_here, open_device
from studio.media.live.hub import Cameras
from studio.media.live.source import Device, Source
from studio.media.live.stream import Encoding, Raw, Session

Hub = Callable[..., Cameras]
WEBCAM = Source(id="usb-1", name="Webcam", kind="device", place="/nowhere/video0")


class Driver:
    """A camera that a test plugs in, pulls out, and lets hang."""

    def __init__(self, rate_hz: float = 100.0) -> None:
        self.present = True
        self.hang = threading.Event()
        self.hang.set()
        self.rate_hz = rate_hz
        self.notes: tuple[str, ...] = ()
        self.opened = self.closed = 0
        self._encoding = Encoding.of_jpeg(jpeg(0))

    def __call__(self, source: Source, session: Session) -> Driver:
        self.hang.wait()
        if not self.present:
            raise StudioError(f"{source.name} is not plugged in.", "Plug it in.")
        self.opened += 1
        return self

    def read(self) -> Raw | None:
        self.hang.wait()
        if not self.present:
            raise StudioError("Webcam was lost: no such device.", "Check its cable.")
        time.sleep(1 / self.rate_hz)
        return Raw(jpeg(1), encoding=self._encoding)

    def interrupt(self) -> None:
        """A driver cannot be interrupted."""

    def close(self) -> None:
        self.closed += 1


def test_a_driver_that_hangs_holds_nobody_up(cameras: Hub) -> None:
    stuck, good = Driver(), Driver()
    stuck.hang.clear()

    def opener(source: Source, session: Session) -> Any:
        return (stuck if source.id == "usb-1" else good)(source, session)

    fine = WEBCAM.model_copy(update={"id": "usb-2", "name": "Other"})
    patience = Patience(open_s=0.3, retry_s=0.05, retry_most_s=0.05)
    hub = cameras(WEBCAM, fine, opener=opener, patience=patience)
    began = time.monotonic()
    hub.start()
    assert time.monotonic() - began < 0.25
    until(lambda: "Other" in hub.newest())
    until(lambda: hub.stats()["Webcam"].status.state == "failed")
    status = hub.stats()["Webcam"].status
    assert status.text == "Webcam did not open within 0 s."
    assert "Close other programs" in status.hint
    threads = threading.active_count()
    time.sleep(0.4)
    assert threading.active_count() <= threads, "attempts pile up on a driver that hangs"
    stuck.hang.set()
    until(lambda: "Webcam" in hub.newest())


def test_plugging_and_unplugging(cameras: Hub) -> None:
    driver = Driver()
    hub = cameras(WEBCAM, opener=driver, patience=Patience(retry_s=30))
    device = Device(id="usb-1", name="Webcam", place=WEBCAM.place)
    hub.start()
    until(lambda: hub.newest())
    assert hub.present([device]) == ()
    driver.present = False
    assert hub.present([]) == ("Webcam was unplugged.",)
    until(lambda: hub.stats()["Webcam"].status.text == "Webcam was unplugged.")
    assert hub.stats()["Webcam"].status.hint == "Plug it in again: it comes back."
    assert hub.newest() == {}
    driver.present = True
    assert hub.present([device]) == ("Webcam is back.",)
    until(lambda: hub.newest())
    assert hub.stats()["Webcam"].returns == 1


def test_a_device_that_comes_back_elsewhere_is_opened_there(cameras: Hub) -> None:
    driver = Driver()
    hub = cameras(WEBCAM, opener=driver)
    hub.start()
    until(lambda: hub.newest())
    hub.present([Device(id="usb-1", name="Webcam", place="/nowhere/video4")])
    assert hub.sources[0].place == "/nowhere/video4"
    until(lambda: driver.opened == 2)
    until(lambda: driver.closed == 1)


class Made:
    """What a driver makes of a mode."""

    def __init__(self, size_px: tuple[int, int], rate_hz: float) -> None:
        self.size_px, self.rate_hz, self.notes = size_px, rate_hz, ()


def opened(
    source: Source, refuse: Callable[[dict[str, str]], bool], platform: str = "linux"
) -> Any:
    tried: list[tuple[str, str | None, dict[str, str]]] = []

    def make(*args: Any) -> Any:
        _, _, place, form, options = args
        tried.append((place, form, options))
        if refuse(options):
            raise OSError(errno.EINVAL, "Invalid argument")
        return Made((640, 480), 15.0)

    session = Session(0.0, threading.Event())
    return open_device(source, session, make=make, platform=platform), tried


def test_jpeg_is_preferred_and_compromises_are_named() -> None:
    wished = WEBCAM.model_copy(update={"size_px": (1280, 720), "rate_hz": 60.0})
    stream, tried = opened(wished, lambda options: "framerate" in options)
    assert tried[0][2] == {"video_size": "1280x720", "framerate": "60", "input_format": "mjpeg"}
    assert tried[-1][2] == {"video_size": "1280x720", "input_format": "mjpeg"}
    assert stream.notes == (
        "It has no 1280 x 720; it gives 640 x 480.",
        "It has no 60 Hz at this size; it gives 15 Hz.",
    )


def test_every_system_has_its_driver() -> None:
    _, windows = opened(WEBCAM, lambda _: False, "win32")
    assert windows[0][:2] == ("video=/nowhere/video0", "dshow")
    assert windows[0][2]["vcodec"] == "mjpeg"
    _, mac = opened(WEBCAM, lambda _: False, "darwin")
    assert mac[0][1] == "avfoundation"
    with pytest.raises(StudioError, match="cannot be opened on this system"):
        opened(WEBCAM, lambda _: False, "plan9")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.EBUSY, "is in use"),
        (errno.EACCES, "may not be used"),
        (errno.ENODEV, "is not plugged in"),
        (errno.EINVAL, "cannot be opened"),
    ],
)
def test_refusals_are_explained(code: int, said: str) -> None:
    calls = 0

    def make(*_: Any) -> Any:
        nonlocal calls
        calls += 1
        raise OSError(code, "no")

    with pytest.raises(StudioError, match=said) as error:
        open_device(WEBCAM, Session(0.0, threading.Event()), make=make, platform="linux")
    assert error.value.hint
    assert calls == 1 or code == errno.EINVAL


def test_a_real_device_that_is_not_there_is_said(cameras: Hub) -> None:
    hub = cameras(WEBCAM)
    hub.start()
    until(lambda: hub.stats()["Webcam"].status.state == "failed")
    assert hub.stats()["Webcam"].status.text == "Webcam is not plugged in."


class Knobs:
    """A V4L2 driver's controls: id -> (least, most, value)."""

    def __init__(self, **known: tuple[int, int, int]) -> None:
        self.known = {getattr(controls, name): list(limits) for name, limits in known.items()}

    def __call__(self, handle: int, request: int, data: bytearray) -> object:
        wanted = struct.unpack_from("=I", data)[0]
        if wanted not in self.known:
            raise OSError(errno.EINVAL, "no such control")
        least, most, _ = self.known[wanted]
        if request == controls.QUERY:
            struct.pack_into("=ii", data, 40, least, most)
        else:
            self.known[wanted][2] = struct.unpack_from("=i", data, 4)[0]
        return 0

    def value(self, name: str) -> int:
        return self.known[getattr(controls, name)][2]


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr("sys.platform", "linux")
    path = tmp_path / "video0"
    path.touch()
    return WEBCAM.model_copy(update={"place": str(path)})


def test_exposure_and_focus(node: Source) -> None:
    knobs = Knobs(
        EXPOSURE_AUTO=(0, 3, 3), EXPOSURE_ABSOLUTE=(1, 100, 50), EXPOSURE_PRIORITY=(0, 1, 1),
        FOCUS_AUTO=(0, 1, 1), FOCUS_ABSOLUTE=(0, 250, 0),
    )  # fmt: skip
    wished = node.model_copy(update={"exposure_ms": 5.0, "focus": 0.4, "rate_hz": 60.0})
    assert controls.apply_controls(wished, knobs) == ()
    assert knobs.value("EXPOSURE_AUTO") == 1
    assert knobs.value("EXPOSURE_ABSOLUTE") == 50
    assert knobs.value("EXPOSURE_PRIORITY") == 0
    assert (knobs.value("FOCUS_AUTO"), knobs.value("FOCUS_ABSOLUTE")) == (0, 100)
    assert controls.apply_controls(node, knobs) == ()
    assert (knobs.value("EXPOSURE_AUTO"), knobs.value("FOCUS_AUTO")) == (3, 1)
    beyond = node.model_copy(update={"exposure_ms": 40.0})
    assert controls.apply_controls(beyond, knobs) == (
        "The exposure is 10 ms, the nearest that the camera has.",
    )


def test_a_camera_without_controls_says_so(node: Source) -> None:
    wished = node.model_copy(update={"exposure_ms": 5.0, "focus": 0.4})
    assert controls.apply_controls(wished, Knobs()) == (
        "This camera has no control for its exposure.",
        "This camera has no control for its focus.",
    )
    assert controls.apply_controls(node, Knobs()) == ()


def test_the_devices_of_linux_keep_their_ids(tmp_path: Path) -> None:
    names = {"video0": "Brio", "video2": "C920", "video4": "C920"}
    for node_name, name in names.items():
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / "dev" / node_name).touch()
        place = tmp_path / "sys/class/video4linux" / node_name
        place.mkdir(parents=True)
        (place / "name").write_text(name + "\n")
    links = {
        "by-id/usb-Logitech_Brio_1-video-index0": "video0",
        "by-id/usb-Logitech_Brio_1-video-index1": "video1",
        "by-id/usb-Logitech_C920-video-index0": "video2",
        "by-path/pci-1-video-index0": "video0",
        "by-path/pci-3-video-index0": "video4",
    }
    for link, target in links.items():
        path = tmp_path / "dev/v4l" / link
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(tmp_path / "dev" / target)
    found = devices_here(tmp_path)
    assert [(device.name, device.id) for device in found] == [
        ("Brio", "usb-Logitech_Brio_1-video-index0"),
        ("C920", "pci-3-video-index0"),
        ("C920", "usb-Logitech_C920-video-index0"),
    ]
    assert found[0].source(rate_hz=60.0).rate_hz == 60.0


def test_raw_pictures_are_shown_too(cameras: Hub) -> None:
    driver = Driver()
    picture = np.full((8, 10, 3), 7, np.uint8)
    driver.read = lambda: (time.sleep(0.01), Raw(picture=picture))[1]  # type: ignore[method-assign]
    hub = cameras(WEBCAM.model_copy(update={"rotation": 90}), opener=driver)
    hub.start()
    until(lambda: hub.newest())
    assert hub.newest()["Webcam"].rgb.shape == (10, 8, 3)
