"""The pose stream: other programs read it; who is slow or gone holds nobody up."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest
from moments import SEEN, moment

from studio.core.errors import StudioError
from studio.live.outlets.address import POSES, address_of
from studio.live.outlets.messages import BONES, layout_line, packets, pose_line
from studio.live.outlets.osc import bundle, message, unpacked
from studio.live.outlets.outlet import JsonOutlet, open_outlets


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://127.0.0.1:80", "no address of a pose stream"),
        ("osc://127.0.0.1", "lacks a host or a port"),
        ("osc://127.0.0.1:0", "lacks a host or a port"),
        ("json://127.0.0.1:99999", "is no address"),
        ("json://127.0.0.1:80/there", "more than a host"),
        ("osc://192.168.1.20:39540", "not this computer"),
        ("json://0.0.0.0:39541", "not this computer"),
        ("osc://example.org:39540", "not this computer"),
    ],
)
def test_wrong_addresses_and_other_hosts_are_refused(text, said):
    with pytest.raises(StudioError, match=said):
        address_of(text)


def test_what_has_no_words_for_poses_is_refused_where_poses_are_told():
    for text in ("vmc://127.0.0.1:39539", "livelink://127.0.0.1:11111"):
        assert str(address_of(text)) == text
        with pytest.raises(StudioError, match="not where points are"):
            address_of(text, kinds=POSES)


def test_other_hosts_are_allowed_where_that_is_asked_for():
    assert (
        str(address_of("osc://192.168.1.20:39540", other_hosts=True)) == "osc://192.168.1.20:39540"
    )
    assert str(address_of("json://[::1]:5")) == "json://[::1]:5"
    assert address_of("osc://localhost:9").host == "localhost"


def test_osc_is_what_the_specification_says():
    """The example of OSC 1.0's specification, byte for byte."""
    packet = message("/foo", 1000, -1, "hello", 1.234, 5.678)
    assert packet[:16] == b"/foo\0\0\0\0,iisff\0\0"
    assert packet[16:24] == b"\0\0\x03\xe8\xff\xff\xff\xff"
    assert packet[24:] == b"hello\0\0\0\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d"
    found = unpacked(bundle([packet, message("/bar")]))
    assert [address for address, _ in found] == ["/foo", "/bar"]
    assert found[0][1] == pytest.approx((1000, -1, "hello", 1.234, 5.678))
    for cut in (packet[:-1], b"/foo", b"#bundle\0" + bytes(8) + b"\0\0\0\x30/foo"):
        with pytest.raises(ValueError, match=r"OSC|cut short|does not end"):
            unpacked(cut)


def test_a_moment_as_osc_has_points_joints_and_unitys_bones():
    found = [one for packet in packets(moment(7)) for one in unpacked(packet)]
    told = {address: arguments for address, arguments in found if "Tra" not in address}
    assert told["/doppel/moment"][0] == 7
    assert told["/doppel/moment"][1] == pytest.approx(50, abs=0.1)
    assert told["/doppel/camera"] == ("cam", 64, 48)
    assert told["/doppel/person"] == (2, "cam", "coco_17")
    points = np.array(told["/doppel/body"][1:]).reshape(-1, 3)
    assert points[0] == pytest.approx([10, 27, 0.75])
    assert points[3] == pytest.approx([-1, -1, 0])
    bones = {a[0]: a[1:] for address, a in found if address == "/VMC/Ext/Tra/Pos"}
    assert set(bones) == set(BONES.values())
    # Left of somebody who looks at the camera is -x in Unity; Doppel's -y, ahead, is its +z.
    assert bones["LeftHand"] == pytest.approx([-0.25, 1.5, 0.5, 0, 0, 0, 1])


def test_a_moment_as_json_says_what_is_not_there():
    told = json.loads(pose_line(moment(7)))
    assert (told["type"], told["version"], told["number"]) == ("pose", 1, 7)
    assert told["cameras"] == {"cam": [64, 48]}
    assert told["latency_ms"] == pytest.approx(50, abs=0.1)
    assert abs(told["unix_s"] - time.time()) < 60
    (person,) = told["people"]
    assert person["points"][0] == [10.0, 27.0, 0.75]
    assert person["points"][3] is None
    assert told["skeletons"][0]["joints_m"][0] == [0.25, -0.5, 1.5, None]
    names = json.loads(layout_line(SEEN))
    assert names["points"] == list(SEEN.points)


RECEIVER = """
import json, socket, sys
stream = socket.create_connection(("127.0.0.1", int(sys.argv[1]))).makefile()
seen = {}
for line in stream:
    told = json.loads(line)
    if told["type"] == "layout":
        seen[told["name"]] = told["points"]
    else:
        person = told["people"][0]
        wrist = person["points"][seen[person["layout"]].index("left_wrist")]
        print(told["number"], wrist[1], flush=True)
        break
"""


def test_a_second_program_reads_the_json_stream(open_):
    outlet = open_("json://127.0.0.1:0")
    there = subprocess.Popen(
        [sys.executable, "-c", RECEIVER, str(outlet.address.port)],
        stdout=subprocess.PIPE,
        text=True,
    )
    until(lambda: outlet.listeners == 1)
    outlet.tell(moment(5))
    assert there.communicate(timeout=30)[0].split() == ["5", "25.0"]
    until(lambda: (outlet.tell(moment(6)), outlet.listeners)[1] == 0)  # it is gone, and let go


def test_a_second_program_hears_osc(open_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(30)
        open_(f"osc://127.0.0.1:{there.getsockname()[1]}").tell(moment(9))
        assert unpacked(there.recv(65536))[0][1][0] == 9


def test_nobody_who_hears_osc_is_no_trouble(open_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    outlet = open_(f"osc://127.0.0.1:{port}")
    for number in range(3):
        before = outlet.sent
        outlet.tell(moment(number))
        until(lambda before=before: outlet.sent > before)


def test_who_reads_nothing_holds_nobody_up_and_a_late_reader_gets_the_newest(open_):
    outlet = open_("json://127.0.0.1:0")
    asleep = socket.socket()
    asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asleep.connect(("127.0.0.1", outlet.address.port))
    until(lambda: outlet.listeners == 1)
    awake = socket.create_connection(("127.0.0.1", outlet.address.port), timeout=30)
    until(lambda: outlet.listeners == 2)
    lines = awake.makefile()
    for number in range(600):  # some 5 MB, far more than the sleeper's buffers hold
        outlet.tell(moment(number))
        if number % 20 == 0:
            while json.loads(next(lines)).get("number", -1) < number:
                pass
    stuck = outlet._clients[0].lane
    assert stuck.skipped > 100
    awake.close()
    asleep.close()


def test_a_port_that_is_taken_is_told_and_what_was_opened_is_closed(open_):
    first = open_("json://127.0.0.1:0")
    with pytest.raises(StudioError, match="Choose another port"):
        open_outlets([address_of("json://127.0.0.1:0"), first.address])
    assert isinstance(first, JsonOutlet)
