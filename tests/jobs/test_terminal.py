"""Progress in a pipe is a line now and then; errors and quiet runs leave nothing behind."""

import time

import pytest

from studio.jobs import terminal
from studio.jobs.terminal import OnTerminal


def test_a_pipe_gets_whole_lines_not_a_bar(capsys, monkeypatch):
    moments = iter([0.0, 0.0, 3.0, 11.0, 11.0, 12.0, 25.4])
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    with OnTerminal("Detect", keep=True) as context:
        context.report(0.1, "1 of 10 pictures")
        context.report(0.4, "4 of 10 pictures")
        context.report(0.5, "5 of 10 pictures")
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split() for line in err.splitlines()] == [
        ["Detect", "40%", "4", "of", "10", "pictures"],
        ["Detect", "done", "in", "25", "s"],
    ]


def test_quiet_says_nothing(capsys, monkeypatch):
    monkeypatch.setattr(terminal, "EVERY_S", 0.0)
    with OnTerminal("Detect", quiet=True, keep=True) as context:
        context.report(0.5, "half")
    assert context.fraction == 0.5
    assert capsys.readouterr() == ("", "")


def test_what_failed_is_not_called_done(capsys):
    with pytest.raises(ValueError, match="no"), OnTerminal("Detect", keep=True):
        raise ValueError("no")
    assert capsys.readouterr().err == ""
