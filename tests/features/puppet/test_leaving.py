"""Where a performance goes: programs hear it at its own pace, animations are written at its end."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from studio.cli import main
from studio.core.errors import StudioError
from studio.core.types import Frame
from studio.features.puppet.leaving import addresses_of, to_animations, to_programs
from studio.live.outlets.osc import unpacked
from studio.live.performance import Performance
from studio.media.formats.bvh import read_bvh
from studio.media.writer import VideoWriter

PICTURE = Frame("cam", 0.0, np.zeros((2, 2, 3), np.uint8))


def acted(time_s: float) -> Performance:
    return Performance(time_s, np.full(52, 0.25), taken_s=time_s, solved_s=time_s)


def test_hosts_and_ports_become_addresses():
    assert addresses_of("127.0.0.1:39539", None) == ("vmc://127.0.0.1:39539",)
    assert addresses_of("127.0.0.1:39539/arkit", "livelink://[::1]:11111") == (
        "vmc://127.0.0.1:39539/arkit", "livelink://[::1]:11111",
    )  # fmt: skip
    assert addresses_of(None, None) == ()
    with pytest.raises(StudioError, match="not this computer"), to_programs(["vmc://10.0.0.9:1"]):
        pass


def test_a_films_performances_are_told_no_sooner_than_it_was_filmed():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(30)
        address = f"livelink://127.0.0.1:{there.getsockname()[1]}"
        began_s = time.monotonic()
        with to_programs([address], paced=True) as tell:
            for time_s in (5.0, 5.1, 5.2, 5.3):  # a film may begin anywhere
                tell(acted(time_s), PICTURE)
                there.recv(65536)
        assert time.monotonic() - began_s >= 0.3


def test_animations_are_written_when_all_went_well_and_only_then(tmp_path):
    paths = (tmp_path / "a.bvh", tmp_path / "a.csv")
    with to_animations(paths) as tell:
        for number in range(5):
            tell(acted(number / 25), PICTURE)
        assert not paths[0].exists()
    assert len(read_bvh(paths[0])[1]) == 5
    assert len(paths[1].read_text("utf-8").splitlines()) == 6
    with pytest.raises(ZeroDivisionError), to_animations([tmp_path / "b.bvh"]) as tell:
        tell(acted(0.0), PICTURE), 1 / 0
    assert not (tmp_path / "b.bvh").exists()


def test_what_cannot_be_written_is_said_before_anybody_performs(tmp_path):
    with pytest.raises(StudioError, match="does not end in"), to_animations([Path("a.fbx")]):
        pytest.fail("it began")
    with pytest.raises(StudioError, match="Nothing was performed"):  # noqa: SIM117
        with to_animations([tmp_path / "a.bvh"]):
            pass


def test_the_command_tells_a_second_program_and_writes_animations(tmp_path, capsys):
    film = tmp_path / "cam.mp4"
    with VideoWriter(film, (96, 64), 25.0) as writer:
        for number in range(8):
            writer.write(np.full((64, 96, 3), 40 + number, np.uint8))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(30)
        vmc = f"127.0.0.1:{there.getsockname()[1]}"
        flags = ["--vmc", vmc, "--animation", str(tmp_path / "a.bvh"), str(tmp_path / "a.vrma"),
                 "--no-body", "--json"]  # fmt: skip
        assert main(["puppet", str(film), *flags]) == 0
        assert unpacked(there.recv(65536))[0] == ("/VMC/Ext/OK", (1,))
    told = json.loads(capsys.readouterr().out)
    assert told["count"] == 8
    assert [Path(path).name for path in told["written"]] == ["a.bvh", "a.vrma"]
    assert len(read_bvh(tmp_path / "a.bvh")[1]) == 8
    assert (tmp_path / "a.vrma").stat().st_size > 1000
    assert main(["puppet", str(film)]) == 1
    assert "--animation" in capsys.readouterr().err
