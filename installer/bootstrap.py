#!/usr/bin/env python3
"""Set Doppel up and start it: ``run``, ``test`` or ``doctor``. Standard library only.

    python3 installer/bootstrap.py run [ARGS]     open the studio on its sample project
    python3 installer/bootstrap.py test [ARGS]    pass the tests (ARGS go to pytest)
    python3 installer/bootstrap.py doctor         check this machine

Each call first does what is still missing: system libraries (Debian and Ubuntu), ``.venv`` with
the packages, the pre-trained networks, and the parametric person. What was done is remembered in
``.venv/doppel.json``, so that later calls start at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]
VENV = HOME / ".venv"
STAMP = VENV / "doppel.json"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
TORCH = "torch==2.13.0"
GROUPS = ("test", "check")
FREE_BYTES = 8_000_000_000
MOST_TESTERS = 4
"""Tests run side by side in this many processes at most: each needs a gigabyte or two."""

# What a bare Debian or Ubuntu lacks for Qt's windows, OpenGL, sound and depth cameras. Where a
# release renamed a package, either name will do.
LIBRARIES: tuple[tuple[str, ...], ...] = (
    ("libgl1",), ("libegl1",), ("libgles2",), ("libgl1-mesa-dri",),
    ("libglib2.0-0", "libglib2.0-0t64"), ("libfontconfig1",), ("libdbus-1-3",), ("libgomp1",),
    ("libxkbcommon-x11-0",), ("libxcb-cursor0",), ("libxcb-icccm4",), ("libxcb-image0",),
    ("libxcb-keysyms1",), ("libxcb-randr0",), ("libxcb-render-util0",), ("libxcb-shape0",),
    ("libxcb-xkb1",), ("libxrender1",), ("libxext6",), ("libusb-1.0-0",),
    ("libpulse0",), ("libasound2", "libasound2t64"),
)  # fmt: skip
FOR_TESTS = (("xvfb",), ("xdotool",))

NO_NETWORK = (
    "NewConnectionError", "NameResolution", "ConnectTimeout", "Temporary failure", "ProxyError",
    "Max retries",
)  # fmt: skip

PREPARE_PERSON = """
import sys
from studio.human.person import build_cache
build_cache(lambda fraction, text: print(f"{fraction:.0%} {text}", flush=True))
"""
LIST_DATA = """
import json
from studio.human.person import cache_folder
from studio.weights import state
networks = [i.path for i in state() if i.network.default]
print(json.dumps([str(p) for p in (*networks, *cache_folder().rglob("*.safetensors"))]))
"""


class Trouble(Exception):
    """Something the reader can mend: what is wrong, and what to do."""


def say(text: str) -> None:
    print(text, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks; the exit code."""
    jobs = {"run": run_studio, "test": run_tests, "doctor": run_doctor}
    if not arguments or arguments[0] not in jobs:
        say(__doc__ or "")
        return 0 if arguments and arguments[0] in ("-h", "--help", "help") else 2
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # packages come uncompiled
    try:
        check_python()
        set_up(for_tests=arguments[0] == "test")
        return jobs[arguments[0]](list(arguments[1:]))
    except Trouble as trouble:
        say(f"\nDoppel cannot be set up: {trouble}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. The next call goes on from here.")
        return 130


# Setting up


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> None:
    """Raise Trouble if this Python is too old."""
    if version < (3, 11):
        raise Trouble(
            f"it needs Python 3.11 or newer, this is {'.'.join(map(str, version))}.\n"
            "Install a newer one from python.org, or with: sudo apt-get install python3.11"
        )


def set_up(*, for_tests: bool) -> None:
    """Do whatever is still missing."""
    install_libraries((*LIBRARIES, *(FOR_TESTS if for_tests else ())))
    done = read_stamp()
    if done.get("packages") != packages_key():
        make_venv()
        install_packages()
        done = {**done, "packages": packages_key()}
        write_stamp(done)
    if done.get("data") != data_key() or not all(map(os.path.exists, done["files"])):
        write_stamp({**done, "data": data_key(), "files": install_data()})


def packages_key() -> str:
    """Changes whenever the packages must be installed again."""
    text = (HOME / "pyproject.toml").read_bytes() + TORCH.encode()
    return hashlib.sha256(text + f"{HOME} {GROUPS}".encode()).hexdigest()


def data_key() -> str:
    """Changes whenever networks or the person must be prepared again."""
    catalogue = (HOME / "studio/weights/catalogue.toml").read_bytes()
    folder = os.environ.get("DOPPEL_CACHE_DIR", "")
    return hashlib.sha256(catalogue + folder.encode()).hexdigest()


def read_stamp() -> dict[str, Any]:
    """What earlier calls did; nothing if ``.venv`` is not usable."""
    try:
        stamp = json.loads(STAMP.read_text("utf-8"))
        return stamp if isinstance(stamp, dict) and PYTHON.exists() else {}
    except (OSError, ValueError):
        return {}


def write_stamp(done: dict[str, Any]) -> None:
    temp = STAMP.with_suffix(".tmp")
    temp.write_text(json.dumps(done, indent=1), "utf-8")
    temp.replace(STAMP)


def missing_libraries(wanted: Iterable[tuple[str, ...]]) -> list[str]:
    """The packages that dpkg does not know as installed; none where there is no dpkg."""
    wanted = tuple(wanted)
    if platform.system() != "Linux" or shutil.which("dpkg-query") is None:
        return []
    names = [name for group in wanted for name in group]
    command = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *names]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    here = {line.split()[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [group[0] for group in wanted if not here & set(group)]


def install_libraries(wanted: Iterable[tuple[str, ...]]) -> None:
    """Install system libraries as root or by sudo without a password; else say the one line."""
    wanted = tuple(wanted)
    missing = missing_libraries(wanted)
    if not missing:
        return
    if os.geteuid() == 0:
        prefix: list[str] = []
    elif may_sudo():
        prefix = ["sudo", "-n"]
    else:
        say("These system libraries are missing. Install them once with:")
        say(f"  sudo apt-get install -y {' '.join(missing)}")
        return
    with step(f"System libraries ({len(missing)})"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        follow([*prefix, "apt-get", "update", "-q"], env=quiet)
        install = [*prefix, "apt-get", "install", "-y", "-q", "--no-install-recommends"]
        names = [newest_name(group) for group in wanted if group[0] in missing]
        code, tail = follow([*install, *names], env=quiet)
        if code != 0:
            say(f"  apt-get did not succeed: {tail[-1] if tail else code}")
            say(f"  Install them by hand: sudo apt-get install -y {' '.join(missing)}")


def may_sudo() -> bool:
    """Whether sudo works without asking for a password."""
    if shutil.which("sudo") is None:
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def newest_name(group: tuple[str, ...]) -> str:
    """The name under which this release carries a package."""
    for name in reversed(group):
        command = ["apt-cache", "show", "--no-all-versions", name]
        if subprocess.run(command, capture_output=True, check=False).stdout:
            return name
    return group[0]


def make_venv() -> None:
    """A virtual environment, unless a working one is there."""
    pip = [str(PYTHON), "-m", "pip", "--version"]
    if PYTHON.exists() and subprocess.run(pip, capture_output=True, check=False).returncode == 0:
        return
    free = shutil.disk_usage(HOME).free
    if free < FREE_BYTES:
        raise Trouble(
            f"the disk has {free / 1e9:.1f} GB free; the packages need {FREE_BYTES / 1e9:.0f} GB.\n"
            "Free some space and call again."
        )
    with step("Virtual environment"):
        command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise Trouble(
                "Python could not make a virtual environment.\n"
                f"On Debian and Ubuntu: sudo apt-get install -y python{version}-venv\n"
                f"{(made.stdout + made.stderr).strip()[-400:]}"
            )


def install_packages() -> None:
    """Torch first, so that a build chosen for this machine is kept; then Doppel, editable.

    Nothing is compiled ahead: that would take longer than the rest, mostly for modules that
    nobody imports. What is imported is compiled then, and kept.
    """
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
           "--no-compile", "--progress-bar", "off"]  # fmt: skip
    with step("PyTorch"):
        code, _ = follow([*pip, TORCH])
        if code != 0:
            say(f"  {TORCH} is not to be had here; taking the newest that is.")
    with step("Packages"):
        code, tail = follow([*pip, "--editable", str(HOME), *group_requirements()])
        if code != 0:
            raise Trouble(why_pip_failed(tail))


def group_requirements() -> list[str]:
    """What the dependency groups for tests and checks ask for."""
    import tomllib

    groups = tomllib.loads((HOME / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    return [requirement for group in GROUPS for requirement in groups[group]]


def why_pip_failed(tail: Sequence[str]) -> str:
    """In words, what stopped the package client."""
    text = "\n".join(tail)
    if "No space left" in text:
        return "the disk is full. Free some space and call again."
    if any(sign in text for sign in NO_NETWORK):
        return "the packages could not be fetched (is there a network?). Call again once there is."
    if "No matching distribution" in text or "ResolutionImpossible" in text:
        return f"a package is not to be had for this Python or system:\n{text}"
    return f"the package client stopped:\n{text}"


def install_data() -> list[str]:
    """The networks and the person; the files that must be there afterwards."""
    with step("Pre-trained networks"):
        code, tail = follow([str(PYTHON), "-m", "studio", "models", "install"])
        if code != 0:
            raise Trouble("\n".join(tail))
    with step("Parametric person (once, about a minute)"):
        code, tail = follow([str(PYTHON), "-c", PREPARE_PERSON])
        if code != 0:
            raise Trouble("the parametric person could not be built:\n" + "\n".join(tail))
    answer = subprocess.run([PYTHON, "-c", LIST_DATA], cwd=HOME, capture_output=True,
                            text=True, check=True)  # fmt: skip
    return json.loads(answer.stdout)


@contextmanager
def step(title: str):
    """Say what is being done, and how long it took."""
    say(f"{title} ...")
    start = time.monotonic()
    yield
    say(f"  done in {time.monotonic() - start:.0f} s")


def follow(command: Sequence[str], env: dict[str, str] | None = None) -> tuple[int, list[str]]:
    """Run a command; on a terminal show its newest line in place. Exit code and last lines."""
    tail: list[str] = []
    on_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns - 3
    process = subprocess.Popen(
        command, cwd=HOME, env=env, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                tail = [*tail[-14:], line.rstrip()]
                if on_terminal:
                    print(f"\r\033[K  {line.strip()[:width]}", end="", flush=True)
        return process.wait(), tail
    finally:
        if on_terminal:
            print("\r\033[K", end="", flush=True)
        if process.poll() is None:
            process.terminate()
            process.wait()


# Starting


def has_display() -> bool:
    """Whether a window can be opened."""
    if platform.system() != "Linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run_studio(arguments: list[str]) -> int:
    """The studio on its sample project; without a display the same job headless."""
    studio = [str(PYTHON), "-m", "studio"]
    if arguments:
        return call([*studio, *arguments])
    if has_display():
        return call([*studio, "--sample"])
    out = HOME / "out"
    say("There is no display: the sample is done headless.")
    code = call([*studio, "main-job", "--sample", "--out", str(out)])
    if code == 0:
        say(f"The avatar, its motion and a report are in {out}")
    return code


def run_doctor(arguments: list[str]) -> int:
    """The check-up of this machine."""
    return call([str(PYTHON), "-m", "studio", "doctor", *arguments])


def run_tests(arguments: list[str]) -> int:
    """The tests, on a display of their own where there is X."""
    pytest = [str(PYTHON), "-m", "pytest", *arguments]
    if platform.system() != "Linux":
        return call(pytest)
    if not arguments:  # the whole suite, file by file on every core
        workers = min(os.cpu_count() or 1, MOST_TESTERS)
        pytest += ["-n", str(workers), "--dist", "loadfile"]
    else:
        workers = 1
    env = {**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1"}
    if shutil.which("Xvfb") is None:
        say("Without Xvfb the tests that need a screen are skipped: sudo apt-get install -y xvfb")
        env.pop("DISPLAY", None)
        return call(pytest, {**env, "QT_QPA_PLATFORM": "offscreen"})
    with ExitStack() as stack:
        screens = [stack.enter_context(virtual_screen()) for _ in range(workers)]
        env.pop("WAYLAND_DISPLAY", None)
        env |= {"DISPLAY": screens[0], "DOPPEL_TEST_SCREENS": " ".join(screens)}
        return call(pytest, {**env, "QT_QPA_PLATFORM": "xcb"})


@contextmanager
def virtual_screen(size: str = "1920x1080x24"):
    """An X server without a screen, on a number that is free; its display name."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    try:
        with os.fdopen(read) as numbers:
            number = numbers.readline().strip()
        if not number:
            raise Trouble("Xvfb, the screen for the tests, did not start. Try: Xvfb :99")
        yield f":{number}"
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def call(command: Sequence[str], env: dict[str, str] | None = None) -> int:
    """Run a command here; its exit code. Ctrl+C is the command's to answer."""
    process = subprocess.Popen(command, cwd=HOME, env=env)
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, kept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
