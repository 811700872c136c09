"""Performances in other programs' words, heard by a second program with decoders of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from moments import moment
from scipy.spatial.transform import Rotation

from studio.human.rig import ACTIONS
from studio.live.outlets.address import address_of
from studio.live.outlets.livelink import SHAPES, LiveLink
from studio.live.outlets.osc import MOST_BYTES, bundles, message, unpacked
from studio.live.outlets.vmc import Vmc, unity_bone
from studio.live.performance import Performance
from studio.media.formats.vrm.expressions import PRESETS, VRM_0, presets_of


def performance(**values: object) -> Performance:
    """Every weight is another one; the head turns, the left arm hangs, the hips moved."""
    now = time.monotonic()
    turn = Rotation.from_euler("y", 60, degrees=True).as_quat().tolist()
    told = Performance(
        7.5,
        np.linspace(0.01, 0.99, 52),
        head_deg=(20.0, -10.0, 5.0),
        gaze_deg=(8.0, 4.0),
        turns={"leftUpperArm": tuple(turn)},
        hips_m=(0.1, -0.2, 0.05),
        face=0.9,
        hands=(0.5, 0.0),
        body=0.25,
        taken_s=now - 0.04,
        solved_s=now,
    )
    return replace(told, **values)


MARIONETTE = """
import json, sys
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

heard, faces, done = {}, {}, []

def hear(address, *values):
    heard.setdefault(address, []).append(values)

def face(address, name, weight):
    faces[name] = weight

def apply(address, *values):
    print(json.dumps({"heard": heard, "faces": faces}), flush=True)
    done.append(1)

words = Dispatcher()
words.map("/VMC/Ext/Blend/Val", face)
words.map("/VMC/Ext/Blend/Apply", apply)
words.set_default_handler(hear)
server = BlockingOSCUDPServer(("127.0.0.1", 0), words)
print(server.server_address[1], flush=True)
while not done:
    server.handle_request()
"""

LIVE_LINK = """
import json, socket, struct, sys
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(("127.0.0.1", 0))
print(there.getsockname()[1], flush=True)
data = there.recv(65536)

def text(at):
    size, = struct.unpack_from("!i", data, at)
    return data[at + 4:at + 4 + size].decode(), at + 4 + size

device, at = text(1)
subject, at = text(at)
frame, share, rate, seconds, count = struct.unpack_from("!ifiib", data, at)
values = struct.unpack_from("!61f", data, at + 17)
assert at + 17 + 4 * 61 == len(data)
print(json.dumps([data[0], device, subject, frame, share, rate, seconds, count, values]))
"""


def listening(program: str) -> tuple[subprocess.Popen[str], int]:
    there = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert there.stdout is not None
    return there, int(there.stdout.readline())


def test_a_marionette_hears_bones_faces_and_that_they_are_to_be_applied(open_):
    there, port = listening(MARIONETTE)
    outlet = open_(f"vmc://127.0.0.1:{port}")
    outlet.tell(moment())  # no words for it: nothing is sent
    told = performance()
    outlet.tell(told)
    answer = json.loads(there.communicate(timeout=60)[0])
    heard, faces = answer["heard"], answer["faces"]
    assert heard["/VMC/Ext/OK"] == [[1]]
    assert heard["/VMC/Ext/T"] == [[0]]
    assert heard["/VMC/Ext/Root/Pos"] == [["root", 0, 0, 0, 0, 0, 0, 1]]
    bones = {name: values for name, *values in heard["/VMC/Ext/Bone/Pos"]}
    assert len(bones) == len(heard["/VMC/Ext/Bone/Pos"]) == 52
    assert {"Hips", "UpperChest", "LeftThumbIntermediate", "RightLittleDistal"} <= set(bones)
    # A raised left arm turned about the way it looks along: down beside the body, in Unity's
    # left-handed axes about -z too; the arm itself points to -x there.
    arm = Rotation.from_quat(bones["LeftUpperArm"][3:])
    assert arm.apply([-1, 0, 0]) == pytest.approx([-0.5, -np.sqrt(0.75), 0], abs=1e-5)
    assert bones["RightUpperArm"][3:] == [0, 0, 0, 1]
    eye = Rotation.from_quat(bones["LeftEye"][3:]).apply([0, 0, 1])
    assert np.degrees(np.arctan2(-eye[0], eye[2])) == pytest.approx(8, abs=1e-3)
    assert np.degrees(np.arcsin(eye[1])) == pytest.approx(4, abs=1e-3)
    # Hips stand at 0.987 m; they moved to the own left, ahead and up.
    assert bones["Hips"][:3] == pytest.approx([-0.1, 1.037, 0.2], abs=1e-3)
    assert {name: faces[name] for name in ACTIONS} == pytest.approx(
        dict(zip(ACTIONS, told.weights, strict=True)), abs=1e-6
    )
    assert faces["blinkLeft"] == faces["Blink_L"] == pytest.approx(told.weight("eyeBlinkLeft"))
    assert set(PRESETS) | set(VRM_0.values()) | set(ACTIONS) == set(faces)


def test_time_is_told_to_the_millisecond_on_a_machine_that_ran_for_a_year():
    speak, began_s = Vmc(), 3e7 + 0.123
    first, later = (
        dict(one for packet in speak.packets(performance(taken_s=taken_s))
             for one in unpacked(packet))["/VMC/Ext/T"][0]
        for taken_s in (began_s, began_s + 0.033)
    )  # fmt: skip
    assert (first, later) == pytest.approx((0, 0.033), abs=1e-4)


def test_a_head_that_is_named_turns_to_the_own_left_in_unity_too():
    turn = Rotation.from_euler("z", 30, degrees=True)
    assert turn.apply([0, -1, 0]) == pytest.approx([0.5, -np.sqrt(0.75), 0])
    told = performance(turns={"head": tuple(turn.as_quat().tolist())})
    found = [one for packet in Vmc().packets(told) for one in unpacked(packet)]
    (head,) = [values for _, values in found if values and values[0] == "Head"]
    ahead = Rotation.from_quat(head[4:]).apply([0, 0, 1])
    assert ahead == pytest.approx([-0.5, 0, np.sqrt(0.75)], abs=1e-6)


@pytest.mark.parametrize(("part", "wanted"), [("arkit", "jawOpen"), ("vrm", "A")])
def test_one_kind_of_faces_alone_is_sent_where_that_is_asked_for(part, wanted):
    address = address_of(f"vmc://127.0.0.1:39539/{part}")
    assert str(address) == f"vmc://127.0.0.1:39539/{part}"
    packets = Vmc(address.part).packets(performance())
    names = {v[0] for p in packets for a, v in unpacked(p) if a == "/VMC/Ext/Blend/Val"}
    assert wanted in names
    assert len({"jawOpen", "A"} & names) == 1


def test_presets_are_what_the_face_was_mixed_from():
    """Each of VRM's presets made of ARKit's shapes is found again; so are mixtures."""
    for wanted in ({"aa": 0.8}, {"ou": 0.5}, {"happy": 1.0}, {"sad": 0.7}, {"surprised": 0.6},
                   {"happy": 0.5, "aa": 0.4}, {"angry": 0.9}, {"lookLeft": 0.5}):  # fmt: skip
        weights = np.zeros(52)
        for name, share in wanted.items():
            for part, weight in PRESETS[name].items():
                weights[ACTIONS.index(part)] += share * weight
        found = presets_of(weights)
        assert {k: v for k, v in found.items() if v > 0.02} == pytest.approx(wanted, abs=1e-6)
    assert not any(presets_of(np.zeros(52)).values())


def test_unitys_thumbs_are_named_differently():
    assert unity_bone("leftThumbMetacarpal") == "LeftThumbProximal"
    assert unity_bone("rightThumbDistal") == "RightThumbDistal"
    assert unity_bone("upperChest") == "UpperChest"


def test_live_link_is_read_by_a_program_that_knows_the_app(open_):
    there, port = listening(LIVE_LINK)
    outlet = open_(f"livelink://127.0.0.1:{port}")
    outlet.tell(moment())
    told = performance()
    outlet.tell(told)
    found = json.loads(there.communicate(timeout=60)[0])
    version, device, subject, frame, share, rate, seconds, count, values = found
    assert (version, len(device), subject, rate, seconds, count) == (6, 36, "Doppel", 60, 1, 61)
    clock = time.localtime()
    passed = 3600 * clock.tm_hour + 60 * clock.tm_min + clock.tm_sec
    late = (passed - (frame + share) / 60) % 86_400
    assert late < 120 or late > 86_390
    # A few places of the app's list, by number.
    places = {0: "eyeBlinkLeft", 9: "eyeLookInRight", 17: "jawOpen", 23: "mouthSmileLeft",
              43: "browInnerUp", 51: "tongueOut"}  # fmt: skip
    for place, name in places.items():
        assert values[place] == pytest.approx(told.weight(name))
    assert np.degrees(values[52:]) == pytest.approx([20, 10, -5, 8, -4, 0, 8, -4, 0], abs=1e-4)


def test_every_shape_has_its_place_in_live_link_and_a_strange_name_harms_nobody():
    assert sorted(SHAPES) == sorted(ACTIONS)
    (packet,) = LiveLink("Zoë", "00000000-0000-4000-8000-000000000001").packets(performance())
    assert packet[:5] == b"\x06\0\0\0\x24"
    assert packet[41:48] == b"\0\0\0\3Zo?"


def test_performances_are_told_as_json_between_poses(open_):
    outlet = open_("json://127.0.0.1:0")
    there = socket.create_connection(("127.0.0.1", outlet.address.port), timeout=30)
    told = performance()
    with there, there.makefile() as lines:
        until = time.monotonic() + 30
        while outlet.listeners == 0 and time.monotonic() < until:
            time.sleep(0.002)
        outlet.tell(moment(3))
        assert [json.loads(next(lines))["type"] for _ in range(3)] == ["layout", "layout", "pose"]
        outlet.tell(told)
        found = json.loads(next(lines))
        outlet.tell(replace(told, hips_m=None))
        assert json.loads(next(lines))["hips_m"] is None
    assert (found["type"], found["version"], found["time_s"]) == ("performance", 1, 7.5)
    assert found["weights"] == pytest.approx(
        dict(zip(ACTIONS, told.weights, strict=True)), abs=1e-4
    )
    assert found["head_deg"] == [20, -10, 5]
    assert found["turns"]["leftUpperArm"] == pytest.approx([0, 0.5, 0, np.sqrt(0.75)], abs=1e-5)
    assert found["hips_m"] == [0.1, -0.2, 0.05]


def test_performances_are_told_as_osc(open_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(30)
        open_(f"osc://127.0.0.1:{there.getsockname()[1]}").tell(performance())
        found: list[tuple[str, tuple]] = []
        while not found or found[-1][0] != "/doppel/hips":
            found += unpacked(there.recv(65536))
    told = performance()
    assert found[0][0] == "/doppel/performance"
    assert found[0][1] == pytest.approx((7.5, 40, 0.9, 0.5, 0, 0.25), abs=0.5)
    weights = dict(v for a, v in found if a == "/doppel/weight")
    assert weights == pytest.approx(dict(zip(ACTIONS, told.weights, strict=True)))
    assert found[-1][1] == pytest.approx((0.1, -0.2, 0.05))


def test_bundles_hold_all_in_order_and_stay_small():
    messages = [message("/a", number, "x" * (number % 50)) for number in range(300)]
    packets = bundles(messages)
    assert max(map(len, packets)) <= MOST_BYTES
    assert [v[0] for p in packets for _, v in unpacked(p)] == list(range(300))
    assert bundles([]) == []
    (alone,) = bundles([message("/long", "y" * 3000)])
    assert unpacked(alone)[0][0] == "/long"
