"""``doppel doctor``: what on this machine could stand in the way, and how to mend it."""

from __future__ import annotations

import ctypes
import importlib.metadata
import json as json_module
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

State = Literal["ok", "look", "stop"]

# Library -> the Debian package that carries it: what Qt's xcb plug-in and sound need.
_QT_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libpulse.so.0": "libpulse0",
}
_GL_LIBRARIES = {
    "libGL.so.1": "libgl1", "libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2",
}  # fmt: skip

_DRAW = """
import pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(32, 32))
plotter.background_color = "black"
plotter.add_mesh(pyvista.Plane(i_size=9, j_size=9), color="white", lighting=False)
plotter.view_xy()
picture = plotter.screenshot(return_img=True)
print(int(picture[16, 16, 0]))
print(plotter.render_window.ReportCapabilities())
plotter.close()
"""
_QT = """
from PySide6 import QtMultimedia, QtWidgets
from PySide6.QtCore import QCoreApplication
app = QCoreApplication([])
for camera in QtMultimedia.QMediaDevices.videoInputs():
    print(camera.description())
"""
_CUDA = """
import torch
print(torch.__version__)
print(torch.cuda.get_device_name(0) if torch.cuda.is_available() else "")
"""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its state, what that means, and how to mend it."""

    name: str
    state: State
    text: str
    mend: str = ""


def run_checks() -> tuple[Check, ...]:
    """Look at everything; takes a few seconds. Never raises."""
    checks: tuple[Callable[[], Check], ...] = (
        drawing, windows, opencv, networks, person, codecs, cameras, graphics_card, memory, disk,
        folders,
    )  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        return tuple(pool.map(_safely, checks))


def main(json: bool = False) -> int:
    """Check this machine and say how to mend what is wrong. Exit code 1 if something must be.

    Args:
        json: Print one JSON object.
    """
    checks = run_checks()
    stop = any(check.state == "stop" for check in checks)
    if json:
        print(json_module.dumps({"ok": not stop, "checks": [asdict(check) for check in checks]}))
        return int(stop)
    console = Console(highlight=False)
    marks = {"ok": "[green]✓ ok  [/]", "look": "[yellow]! look[/]", "stop": "[red]✗ stop[/]"}
    for check in checks:
        console.print(f"{marks[check.state]}  {check.name:<15} {check.text}", soft_wrap=True)
        if check.mend:
            console.print(f"        {'':<15} → {check.mend}", style="bold", soft_wrap=True)
    return int(stop)


def drawing() -> Check:
    """Draws a picture off screen, in a process of its own: a broken driver may crash it."""
    name = "3D drawing"
    missing = _missing(_GL_LIBRARIES)
    mend = _packages([*missing, "libgl1-mesa-dri"]) if _linux() else "Update the graphics driver."
    if missing:
        return Check(name, "stop", f"OpenGL is not there ({', '.join(missing)}).", mend)
    code, out, err = _python(_DRAW)
    if code != 0:
        return Check(name, "stop", f"Nothing can be drawn: {_last(err) or 'it crashed'}.", mend)
    if int(out.split()[0]) < 200:
        return Check(name, "stop", "The driver draws wrong colours.", mend)
    found = re.search(r"OpenGL renderer string:\s*(.+)", out)
    renderer = found[1].strip() if found else "unknown renderer"
    if "llvmpipe" in renderer or "SWR" in renderer:
        return Check(name, "ok", "OpenGL works, in software (no graphics card is used).")
    return Check(name, "ok", f"OpenGL works: {renderer}.")


def windows() -> Check:
    """Whether Qt can open windows."""
    name = "Windows"
    missing = _missing(_QT_LIBRARIES)
    if missing:
        text = "The window system's libraries are missing: " + ", ".join(missing) + "."
        return Check(name, "stop", text, _packages(missing))
    code, _, err = _python(_QT)
    if code != 0:
        return Check(name, "stop", f"Qt does not start: {_last(err)}.", _reinstall("PySide6"))
    if _linux() and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        text = "There is no display: commands work, the studio's window does not."
        return Check(name, "look", text, "Start a desktop session, or use: ssh -X")
    return Check(name, "ok", f"Qt {importlib.metadata.version('PySide6')} is ready.")


def opencv() -> Check:
    """Several OpenCV packages overwrite each other's files: there must be exactly one."""
    name = "OpenCV"
    found = sorted(
        {
            (dist.metadata["Name"] or "").lower()
            for dist in importlib.metadata.distributions()
            if (dist.metadata["Name"] or "").lower().replace("_", "-").startswith("opencv-")
        }
    )
    if found == ["opencv-contrib-python"]:
        return Check(name, "ok", f"One OpenCV, {importlib.metadata.version(found[0])}.")
    if not found:
        return Check(name, "stop", "OpenCV is missing.", _reinstall("opencv-contrib-python"))
    text = f"{'Several OpenCV packages' if len(found) > 1 else 'The wrong OpenCV package'}: "
    mend = f"{_pip()} uninstall -y {' '.join(found)} && {_pip()} install opencv-contrib-python"
    return Check(name, "stop" if len(found) > 1 else "look", text + ", ".join(found) + ".", mend)


def networks() -> Check:
    """The pre-trained networks of the default set, by their sha256."""
    from studio.weights import verify

    wanted = [item for item in verify() if item.network.default]
    bad = [item.network.name for item in wanted if item.state != "ready"]
    if bad:
        text = f"Not installed or damaged: {', '.join(bad)}."
        return Check("Networks", "stop", text, f"doppel models install {' '.join(bad)}")
    size = sum(item.network.size for item in wanted) / 1e6
    return Check("Networks", "ok", f"{len(wanted)} networks are here and whole ({size:.0f} MB).")


def person() -> Check:
    """The prepared parametric person."""
    from studio.human.person import cached

    if cached():
        return Check("Person", "ok", "The parametric person is prepared.")
    text = "The parametric person is not prepared; its first use takes a minute."
    return Check("Person", "look", text, "python3 installer/bootstrap.py doctor")


def codecs() -> Check:
    """The video decoders that cameras' files need."""
    from av import Codec
    from av.codec.codec import UnknownCodecError

    missing: list[str] = []
    for name in ("h264", "hevc", "vp9", "av1", "mjpeg"):
        try:
            Codec(name, "r")
        except UnknownCodecError:
            missing.append(name)
    if missing:
        text = f"Videos in {', '.join(missing)} cannot be read."
        return Check("Video", "look", text, _reinstall("av"))
    return Check("Video", "ok", "H.264, HEVC, VP9, AV1 and MJPEG can be read.")


def cameras() -> Check:
    """The webcams that can be opened."""
    name = "Cameras"
    code, out, _ = _python(_QT)
    found = out.split("\n")[:-1] if code == 0 else []
    nodes = sorted(Path("/dev").glob("video*")) if _linux() else []
    if found:
        return Check(name, "ok", f"{len(found)}: {', '.join(found)}.")
    locked = [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if locked:
        text = f"A camera is there ({locked[0]}) but you may not open it."
        return Check(name, "look", text, "sudo usermod -aG video $USER, then log in again")
    text = "No camera is connected; videos can be used all the same."
    return Check(name, "ok", text)


def graphics_card() -> Check:
    """Whether networks run on a CUDA device."""
    name = "Graphics card"
    code, out, err = _python(_CUDA)
    if code != 0:
        return Check(name, "stop", f"PyTorch does not start: {_last(err)}.", _reinstall("torch"))
    version, _, device = out.strip().partition("\n")
    if device:
        return Check(name, "ok", f"{device}, PyTorch {version}.")
    if shutil.which("nvidia-smi"):
        text = f"There is an NVIDIA card, but PyTorch {version} cannot use it."
        mend = "Install a CUDA build of PyTorch (pytorch.org), or update the driver."
        return Check(name, "look", text, mend)
    return Check(name, "ok", f"None: everything runs on the processor (PyTorch {version}).")


def memory() -> Check:
    """Processor cores and memory."""
    cores = os.cpu_count() or 1
    text = f"{cores} processor cores"
    try:
        gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return Check("Machine", "ok", f"{text}, {platform.system()} {platform.release()}.")
    if gigabytes < 6:
        text = f"{text}, {gigabytes:.0f} GB of memory: long takes may not fit."
        return Check("Machine", "look", text, "Close other programs, or work on shorter takes.")
    return Check("Machine", "ok", f"{text}, {gigabytes:.0f} GB of memory.")


def disk() -> Check:
    """Room for projects and for what is kept."""
    from studio.core.folders import cache_folder

    places = {Path.home(), _existing(cache_folder("weights")), Path(tempfile.gettempdir())}
    least = min(places, key=lambda place: shutil.disk_usage(place).free)
    free = shutil.disk_usage(least).free / 1e9
    mend = "Delete what you do not need there."
    if free < 1:
        return Check("Disk", "stop", f"Only {free:.1f} GB are free in {least}.", mend)
    if free < 5:
        return Check("Disk", "look", f"{free:.1f} GB are free in {least}.", mend)
    return Check("Disk", "ok", f"{free:.0f} GB are free.")


def folders() -> Check:
    """Whether settings, log and cache can be written."""
    from studio.core.folders import cache_folder
    from studio.core.log import log_path
    from studio.core.settings import SettingsFile

    wanted = {
        "settings": SettingsFile().path.parent,
        "log": log_path().parent,
        "cache": cache_folder("weights"),
    }
    shut = {what: at for what, at in wanted.items() if not os.access(_existing(at), os.W_OK)}
    if shut:
        text = "Cannot be written: " + ", ".join(f"{w} ({at})" for w, at in shut.items()) + "."
        mend = "Give yourself write access, or set DOPPEL_CACHE_DIR and DOPPEL_CONFIG_DIR."
        return Check("Folders", "stop" if "cache" in shut else "look", text, mend)
    return Check("Folders", "ok", "Settings, log and cache can be written.")


def _safely(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except Exception as error:  # a check-up that fails is itself a finding
        text = f"Could not be checked ({type(error).__name__}: {error})."
        return Check(check.__name__.replace("_", " ").capitalize(), "look", text)


def _python(script: str, timeout_s: float = 90) -> tuple[int, str, str]:
    """Run a script in a Python of its own, so that a crash or a hang harms nothing."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=timeout_s,
            errors="replace", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, "", f"no answer within {timeout_s:.0f} s"
    return done.returncode, done.stdout, done.stderr


def _missing(libraries: dict[str, str]) -> list[str]:
    """The packages of the libraries that cannot be loaded."""
    missing: list[str] = []
    for library, package in libraries.items() if _linux() else ():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    return missing


def _linux() -> bool:
    return platform.system() == "Linux"


def _packages(names: list[str]) -> str:
    if shutil.which("apt-get"):
        return f"sudo apt-get install -y {' '.join(names)}"
    return f"Install with your system's package manager what Debian calls {', '.join(names)}."


def _pip() -> str:
    return f'"{sys.executable}" -m pip' if " " in sys.executable else f"{sys.executable} -m pip"


def _reinstall(package: str) -> str:
    return f"{_pip()} install --force-reinstall --no-deps {package}"


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else ""
