"""The command line: exit codes, one clear sentence, JSON, no Qt."""

import json
import subprocess
import sys

import pytest

from studio import __version__, cli
from studio.core.errors import Cancelled, StudioError


def test_help_lists_every_command(capsys):
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for name in ("triangulate", "avatar", "pose", "convert", "models", "doctor", "selftest"):
        assert f"  {name}" in text


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_unknown_command_is_one_sentence(capsys):
    assert cli.main(["nonsense"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "nonsense" in err


@pytest.mark.parametrize(
    ("error", "code"),
    [(StudioError("No.", "Do."), 1), (KeyboardInterrupt(), 130), (Cancelled(), 130)],
)
def test_exit_codes(monkeypatch, capsys, error, code):
    def fail(arguments):
        raise error

    monkeypatch.setattr(cli, "_dispatch", fail)
    assert cli.main(["x", "--json"]) == code
    out = capsys.readouterr().out
    assert out == "" if code == 130 else json.loads(out) == {"error": "No.", "hint": "Do."}


def test_bad_file_is_explained(capsys, tmp_path):
    missing = str(tmp_path / "rig.toml")
    assert cli.main(["convert", "rig", missing, str(tmp_path / "b.toml"), "--json"]) == 1
    captured = capsys.readouterr()
    assert "rig.toml" in json.loads(captured.out)["error"]
    assert "Traceback" not in captured.err


def test_wrong_flag_exits_with_one(capsys):
    assert cli.main(["convert", "rig"]) == 1


def test_command_line_never_imports_qt():
    script = (
        "import sys; from studio.cli import main; main(['--help']);"
        "sys.exit(any(m.split('.')[0] in ('PySide6', 'vispy', 'pyvistaqt') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0
