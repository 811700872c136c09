"""The check-up: finds what is wrong, says how to mend it, and survives whatever goes wrong."""

from __future__ import annotations

import json

import pytest

from studio import doctor
from studio.doctor import Check


def test_every_finding_that_is_wrong_says_how_to_mend_it(monkeypatch):
    """On this machine, whatever it lacks; the slow processes are tried one by one below."""
    monkeypatch.setattr(doctor, "_python", lambda *_: (1, "", "ImportError: no such library"))
    checks = doctor.run_checks()
    assert len({check.name for check in checks}) == len(checks) >= 10
    for check in checks:
        assert check.text.endswith("."), check
        assert check.state == "ok" or check.mend, check
    assert {c.name for c in checks if c.state == "stop"} >= {"3D drawing", "Graphics card"}


def test_drawing_really_draws():
    check = doctor.drawing()
    assert check.state == "ok", check
    assert "OpenGL works" in check.text


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((0, "255\nOpenGL renderer string:  Fast Card\n", ""), "ok"),
        ((0, "12\n", ""), "stop"),
        ((-11, "", ""), "stop"),
        ((1, "", "no answer within 90 s"), "stop"),
    ],
)
def test_broken_drivers_are_told_from_good_ones(monkeypatch, answer, state):
    monkeypatch.setattr(doctor, "_python", lambda *_: answer)
    assert doctor.drawing().state == state


def test_hanging_process_is_given_up():
    code, _, why = doctor._python("import time; time.sleep(30)", 0.5)
    assert code != 0
    assert "no answer" in why


def test_missing_libraries_are_named_as_packages(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(doctor, "_linux", lambda: True)
    monkeypatch.setattr(doctor, "_QT_LIBRARIES", {"libnosuch.so.7": "libnosuch7"})
    check = doctor.windows()
    assert (check.state, check.mend) == ("stop", "sudo apt-get install -y libnosuch7")


class Package:
    def __init__(self, name: str) -> None:
        self.metadata = {"Name": name}


@pytest.mark.parametrize(
    ("names", "state"),
    [
        (["opencv-contrib-python", "numpy"], "ok"),
        (["opencv-contrib-python", "opencv-python"], "stop"),
        (["opencv-python-headless"], "look"),
        (["numpy"], "stop"),
    ],
)
def test_there_must_be_exactly_one_opencv(monkeypatch, names, state):
    packages = [Package(name) for name in names]
    monkeypatch.setattr(doctor.importlib.metadata, "distributions", lambda: packages)
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda _: "5.0")
    check = doctor.opencv()
    assert check.state == state
    if state == "stop" and len(names) > 1:
        assert "uninstall -y" in check.mend


def test_missing_networks_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path))
    check = doctor.networks()
    assert check.state == "stop"
    assert "doppel models install pose_landmarker_full" in check.mend


def test_full_disk_is_seen(monkeypatch):
    usage = doctor.shutil.disk_usage("/")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=10**8))
    assert doctor.disk().state == "stop"


def test_idle_nvidia_card_is_noticed(monkeypatch):
    monkeypatch.setattr(doctor, "_python", lambda *_: (0, "2.13.0+cpu\n\n", ""))
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert doctor.graphics_card().state == "look"
    monkeypatch.setattr(doctor, "_python", lambda *_: (0, "2.13.0\nTesla\n", ""))
    assert doctor.graphics_card().state == "ok"


def test_check_that_fails_is_itself_a_finding():
    def broken() -> Check:
        raise RuntimeError("odd")

    assert doctor._safely(broken).state == "look"


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("look", 0), ("stop", 1)])
def test_exit_code_says_whether_work_is_possible(monkeypatch, capsys, state, code):
    monkeypatch.setattr(doctor, "run_checks", lambda: (Check("Disk", state, "So it is.", "Mend."),))
    assert doctor.main(json=True) == code
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] == (code == 0)
    assert answer["checks"][0]["mend"] == "Mend."
    assert doctor.main() == code
    assert "So it is." in capsys.readouterr().out
