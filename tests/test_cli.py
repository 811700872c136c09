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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["convert", "rig", "--json"], "missing"),
        (["convert", "rig", "a", "b", "--bad", "--json"], "--bad"),
        (["capture", "x", "--layout", "zzz", "--json"], "zzz"),
        (["capture", "x", "--person", "-4", "--json"], "-4"),
        (["avatar", "--motion", "x.trc", "--out", "a.glb", "--height", "9", "--json"], "height-m"),
        (["avatar", "--motion", "x.trc", "--out", "a.glb", "--floor-m", "z", "--json"], "floor-m"),
        (["models", "--json"], "install"),
    ],
)
def test_usage_errors_are_json_too(capsys, arguments, words):
    assert cli.main(arguments) == 1
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert words in told["error"].lower()
    assert "--help" in told["hint"]
    assert "│" not in captured.err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--gains", "jawOpne", "2"], "not right for gains: there is no expression jawOpne."),
        (["--smoothing-ms", "-3"], "“-3.0” is not right for smoothing-ms"),
    ],
)
def test_params_out_of_range_are_no_defect(capsys, flags, words):
    assert cli.main(["puppet", "film.mp4", *flags]) == 1
    told = capsys.readouterr().err
    assert words in told
    assert "doppel puppet --help" in told
    assert "pydantic" not in told


def test_a_defect_is_one_sentence_and_goes_to_the_log(monkeypatch, capsys, caplog):
    def fail(arguments):
        raise RuntimeError("the planted one")

    monkeypatch.setattr(cli, "_dispatch", fail)
    with caplog.at_level("ERROR", logger="studio.cli"):
        assert cli.main(["x", "--json"]) == 1
    captured = capsys.readouterr()
    assert "the planted one" in json.loads(captured.out)["error"]
    assert "Traceback" not in captured.err
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize("place", ["file/a.glb", "a.glb/", "x" * 300 + ".glb"])
def test_a_place_that_cannot_be_written_is_told_before_the_work(capsys, tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "a.glb").mkdir()
    out = str(tmp_path / place)
    assert cli.main(["avatar", "--motion", "none.trc", "--out", out]) == 1
    assert "none.trc" not in capsys.readouterr().err


def test_what_came_out_and_why_it_failed_are_one_object(monkeypatch, capsys):
    def fail(arguments):
        raise StudioError("No.", "Do.", result={"rmse_px": 0.5})

    monkeypatch.setattr(cli, "_dispatch", fail)
    assert cli.main(["x", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"rmse_px": 0.5, "error": "No.", "hint": "Do."}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break in another way there")
def test_a_reader_that_goes_away_ends_it_quietly():
    script = "import time, sys; from studio.cli import main; time.sleep(0.5); sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", script, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == b""
        assert command.wait() == 141
