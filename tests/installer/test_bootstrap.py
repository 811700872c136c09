"""The two commands: what they install, what they skip, and what they say when it cannot be done."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "installer" / "bootstrap.py"


@pytest.fixture
def boot(tmp_path, monkeypatch):
    """The installer, set up in an empty home, with every command recorded instead of run."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", FILE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    home = tmp_path / "home"
    (home / "studio" / "weights").mkdir(parents=True)
    (home / "studio" / "weights" / "catalogue.toml").write_text("")
    (home / "pyproject.toml").write_text(
        '[project]\nname="x"\n[dependency-groups]\ntest=["pytest>=8"]\ncheck=["ruff"]\n'
    )
    monkeypatch.setattr(module, "HOME", home)
    monkeypatch.setattr(module, "VENV", home / ".venv")
    monkeypatch.setattr(module, "STAMP", home / ".venv" / "doppel.json")
    monkeypatch.setattr(module, "PYTHON", home / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "missing_libraries", lambda wanted: [])
    return module


@pytest.fixture
def commands(boot, monkeypatch):
    """What was run, in order. Running succeeds and makes what it should make."""
    ran: list[list[str]] = []
    weights = boot.HOME / "weights.task"

    class Done:
        def __init__(self, stdout: str = "", returncode: int = 0) -> None:
            self.stdout, self.stderr, self.returncode = stdout, "", returncode

    def run(command, **_):
        command = [str(part) for part in command]
        ran.append(command)
        if "venv" in command:
            boot.PYTHON.parent.mkdir(parents=True)
            boot.PYTHON.touch()
        if command[-1] == boot.LIST_DATA:
            weights.touch()
            return Done(json.dumps([str(weights)]))
        return Done()

    def follow(command, env=None):
        ran.append([str(part) for part in command])
        return 0, []

    def call(command, env=None):
        ran.append([str(part) for part in command])
        return 0

    monkeypatch.setattr(boot.subprocess, "run", run)
    monkeypatch.setattr(boot, "follow", follow)
    monkeypatch.setattr(boot, "call", call)
    return ran


def said(ran: list[list[str]]) -> str:
    return "\n".join(" ".join(command) for command in ran)


def test_first_call_sets_everything_up_in_order(boot, commands):
    assert boot.main(["doctor"]) == 0
    text = said(commands)
    order = ["-m venv", boot.TORCH, "--editable", "models install", "build_cache", "studio doctor"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "pytest>=8 ruff" in text


def test_second_call_does_nothing_again(boot, commands):
    boot.main(["doctor"])
    commands.clear()
    assert boot.main(["doctor"]) == 0
    assert [command[1:] for command in commands] == [["-m", "studio", "doctor"]]


def test_changed_requirements_are_installed(boot, commands):
    boot.main(["doctor"])
    with (boot.HOME / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    commands.clear()
    boot.main(["doctor"])
    assert "--editable" in said(commands)
    assert "build_cache" not in said(commands)


def test_lost_networks_are_fetched_again(boot, commands):
    boot.main(["doctor"])
    (boot.HOME / "weights.task").unlink()
    commands.clear()
    boot.main(["doctor"])
    assert "models install" in said(commands)
    assert "--editable" not in said(commands)


def test_damaged_stamp_means_a_fresh_start(boot, commands):
    boot.main(["doctor"])
    boot.STAMP.write_text('{"packages": ')
    commands.clear()
    boot.main(["doctor"])
    assert "--editable" in said(commands)


def test_interrupted_setup_goes_on_where_it_stopped(boot, commands, monkeypatch):
    def stop() -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(boot, "install_data", stop)
        assert boot.main(["doctor"]) == 130
    commands.clear()
    assert boot.main(["doctor"]) == 0
    assert "--editable" not in said(commands)
    assert "models install" in said(commands)


def test_old_python_is_told_so(boot, capsys, monkeypatch):
    with pytest.raises(boot.Trouble, match=r"3\.11 or newer, this is 3\.9\.2"):
        boot.check_python((3, 9, 2))
    boot.check_python((3, 11, 0))

    def old() -> None:
        raise boot.Trouble("it needs Python 3.11")

    monkeypatch.setattr(boot, "check_python", old)
    assert boot.main(["run"]) == 1
    assert "cannot be set up" in capsys.readouterr().out


def test_full_disk_is_told_before_anything_is_fetched(boot, commands, capsys, monkeypatch):
    usage = boot.shutil.disk_usage(boot.HOME)
    monkeypatch.setattr(boot.shutil, "disk_usage", lambda _: usage._replace(free=10**9))
    assert boot.main(["run"]) == 1
    assert "1.0 GB free" in capsys.readouterr().out
    assert commands == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("Max retries exceeded with url: /simple/torch", "is there a network"),
        ("ERROR: No matching distribution found for open3d>=0.19", "not to be had"),
        ("error: something new", "something new"),
    ],
)
def test_failed_packages_are_explained_without_a_stack_trace(
    boot, commands, capsys, monkeypatch, line, word
):
    def follow(command, env=None):
        return (1, [line]) if "--editable" in command else (0, [])

    monkeypatch.setattr(boot, "follow", follow)
    assert boot.main(["run"]) == 1
    told = capsys.readouterr().out
    assert word in told
    assert "Traceback" not in told
    assert "packages" not in boot.read_stamp()


def test_torch_that_is_not_to_be_had_is_no_obstacle(boot, commands, monkeypatch):
    def follow(command, env=None):
        commands.append([str(part) for part in command])
        return (1 if boot.TORCH in command else 0), []

    monkeypatch.setattr(boot, "follow", follow)
    assert boot.main(["doctor"]) == 0


@pytest.mark.parametrize(
    ("display", "expected"), [(":0", "studio --sample"), ("", "main-job --sample --out")]
)
def test_run_opens_the_studio_or_works_headless(boot, commands, monkeypatch, display, expected):
    monkeypatch.setattr(boot.platform, "system", lambda: "Linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    assert boot.main(["run"]) == 0
    assert expected in said(commands[-1:])


def test_run_passes_arguments_on(boot, commands):
    boot.main(["run", "My.doppel"])
    assert commands[-1][1:] == ["-m", "studio", "My.doppel"]


def test_exit_code_is_the_commands(boot, commands, monkeypatch):
    monkeypatch.setattr(boot, "call", lambda command, env=None: 7)
    assert boot.main(["doctor"]) == 7


def test_without_a_word_it_explains_itself(boot, commands, capsys):
    assert boot.main([]) == 2
    assert boot.main(["--help"]) == 0
    assert "bootstrap.py run" in capsys.readouterr().out
    assert commands == []


# System libraries


@pytest.fixture
def packages(boot, monkeypatch):
    """A dpkg that knows libgl1 and the newer name of glib; what apt-get is asked for."""
    fresh = importlib.util.spec_from_file_location("fresh_bootstrap", FILE)
    module = importlib.util.module_from_spec(fresh)
    fresh.loader.exec_module(module)
    monkeypatch.setattr(boot, "missing_libraries", module.missing_libraries)
    monkeypatch.setattr(boot.platform, "system", lambda: "Linux")
    monkeypatch.setattr(boot.shutil, "which", lambda name: f"/usr/bin/{name}")

    def run(command, **_):
        out = ""
        if command[0] == "dpkg-query":
            out = "libgl1 installed\nlibglib2.0-0t64 installed\nlibegl1 not-installed\n"
        if command[0] == "apt-cache":
            out = "" if command[-1].endswith("t64") else "Package: " + command[-1]
        return subprocess.CompletedProcess(command, 0, out, "")

    monkeypatch.setattr(subprocess, "run", run)
    asked: list[list[str]] = []
    monkeypatch.setattr(
        boot, "follow", lambda command, env=None: (asked.append(list(command)), (0, []))[1]
    )
    return asked


WANTED = (("libgl1",), ("libglib2.0-0", "libglib2.0-0t64"), ("libegl1",), ("libpulse0",))


def test_only_what_dpkg_misses_is_installed(boot, packages, monkeypatch):
    monkeypatch.setattr(boot.os, "geteuid", lambda: 0, raising=False)
    boot.install_libraries(WANTED)
    assert packages[0][:2] == ["apt-get", "update"]
    assert packages[1][-2:] == ["libegl1", "libpulse0"]


def test_sudo_without_a_password_is_used(boot, packages, monkeypatch):
    monkeypatch.setattr(boot.os, "geteuid", lambda: 1000, raising=False)
    boot.install_libraries(WANTED)
    assert packages[1][:3] == ["sudo", "-n", "apt-get"]


def test_otherwise_the_one_line_is_told(boot, packages, monkeypatch, capsys):
    monkeypatch.setattr(boot.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(boot, "may_sudo", lambda: False)
    boot.install_libraries(WANTED)
    assert packages == []
    assert "sudo apt-get install -y libegl1 libpulse0" in capsys.readouterr().out


def test_other_systems_have_no_dpkg_to_ask(boot, packages, monkeypatch):
    monkeypatch.setattr(boot.platform, "system", lambda: "Darwin")
    assert boot.missing_libraries(WANTED) == []


# The tests' own screen


@pytest.mark.screen
def test_tests_run_on_a_screen_of_their_own(boot, monkeypatch):
    """Xvfb picks a free number, is told to the tests, and is gone afterwards."""
    if boot.shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    seen: dict[str, str] = {}

    def call(command, env=None):
        seen.update(env)
        seen["socket"] = str(Path(f"/tmp/.X11-unix/X{env['DISPLAY'][1:]}").exists())
        return 5

    monkeypatch.setattr(boot, "call", call)
    assert boot.run_tests(["-k", "nothing"]) == 5
    assert seen["QT_QPA_PLATFORM"] == "xcb"
    assert seen["LIBGL_ALWAYS_SOFTWARE"] == "1"
    assert seen["socket"] == "True"
    assert seen["DISPLAY"] != os.environ.get("DISPLAY")
    assert not Path(f"/tmp/.X11-unix/X{seen['DISPLAY'][1:]}").exists()


def test_only_the_standard_library_is_needed():
    """It runs in a Python that has nothing installed (isolated mode, no site packages)."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(FILE), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "bootstrap.py test" in done.stdout
