"""Another kind of part: feet get an expert, then a head on a student that stays as it was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dope_people import person_m, write_pack
from safetensors.torch import load_file

from studio.core.errors import StudioError
from studio.human.layouts import layout
from studio.perception.dope.finder import kinds_of
from studio.perception.dope.kinds import (
    FEET,
    KINDS,
    Kind,
    add_kind,
    find_kind,
    in_order,
    mirror_of,
    placed_in,
)
from studio.perception.dope.network import DopeNetwork, Found
from studio.perception.own import pack, unpack
from studio.training.loop import train
from studio.training.plan import Plan
from studio.training.tasks import dope, find_task
from studio.training.tasks.dope_targets import parts_of

HALPE = layout("halpe_26")
PLAN = Plan(steps=2, batch=2, log_every=1, validate_s=1e9)
_OFF_M = {"ankle": (0, 0, 0), "heel": (0, 0.06, 0.04), "big_toe": (0.02, 0.09, -0.14),
          "small_toe": (-0.03, 0.09, -0.11)}  # fmt: skip


def _feet_m(xyz: np.ndarray) -> np.ndarray:
    """Points of halpe_26 of a person (139, 3): the feet below the ankles, all else at the hips."""
    out = np.repeat(xyz[4:5], 26, 0)
    for side, ankle in (("left", xyz[1]), ("right", xyz[0])):
        for point, off in _OFF_M.items():
            out[HALPE.index(f"{side}_{point}")] = ankle + np.array(off)
    return out


def _with_feet(folder: Path) -> None:
    """Add the points of halpe_26 to a pack of people, a little above where their feet are."""
    whole = np.load(folder / "00000_whole.npy")
    out = np.full((*whole.shape[:2], 26, 6), np.nan, np.float32)
    lens = np.load(folder / "00000_lens.npy")[0]
    for k in range(len(whole)):
        xyz = _feet_m(whole[k, 0, :, 3:].astype(float)) + np.array([0.0, -0.35, 0.0])
        xy = xyz[:, :2] / xyz[:, 2:] * lens[0] + lens[1:]
        inside = (xy > -0.5).all(1) & (xy < [159.5, 127.5]).all(1)
        out[k, 0] = np.column_stack([xy, inside, xyz])
    np.save(folder / "00000_halpe_26.npy", out)


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    for split in ("train", "validation", "test"):
        write_pack(folder / split)
        _with_feet(folder / split)
    return folder


@pytest.fixture
def student(tmp_path: Path) -> Path:
    torch.manual_seed(4)
    path = tmp_path / "student.safetensors"
    path.write_bytes(pack(DopeNetwork(), {}))
    return path


def test_feet_are_parts_left_and_right_with_the_ankle_as_origin() -> None:
    xyz = np.concatenate([person_m(), _feet_m(person_m())])[None, None]
    points = torch.from_numpy(xyz).float()
    xy = points[..., :2] / points[..., 2:] * 400 + torch.tensor([200.0, 300.0])
    seen = torch.ones(1, 1, 165, dtype=torch.bool)
    told = parts_of(placed_in(FEET, ("halpe_26",)), xy, seen, points, 800, 400)
    assert told.there.all()
    assert told.family.tolist() == [[0, 1]]
    assert told.xyz_m[0, :, 0].abs().max() == 0
    torch.testing.assert_close(told.xyz_m[0, 0, 2], torch.tensor(_OFF_M["big_toe"]))
    twins = mirror_of(("halpe_26",))
    assert twins[139 + HALPE.index("left_heel")] == 139 + HALPE.index("right_heel")
    assert twins[0] == 1


def test_kinds_are_added_once_and_must_hold_together() -> None:
    assert find_kind("feet") is FEET
    assert add_kind(FEET) == FEET
    for taken in (replace(FEET, clusters=9), replace(FEET, name="body")):
        with pytest.raises(StudioError, match="already"):
            add_kind(taken)
    with pytest.raises(StudioError, match="not fit"):
        add_kind(Kind("paws", 4, 3, 1, ((0, 1, 2),), (0,), (0, 1, 2)))
    with pytest.raises(StudioError, match="has not the points"):
        add_kind(Kind("paws", 1, 3, 1, ((500,),), (0,), (0,)))
    with pytest.raises(StudioError, match="no kind of part “paws”"):
        find_kind("paws")
    assert [k.name for k in in_order(["feet", "face", "body"])] == ["body", "face", "feet"]


def test_an_expert_of_feet_trains_with_anchors_of_its_own(
    packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dope, "_VALIDATED", 2)
    task = find_task("dope_feet", data=str(packs), width=96)
    network = task.network()
    assert isinstance(network, DopeNetwork)
    deep = network.branch("feet").deep
    np.testing.assert_allclose(deep[:, 2, 1], 0.09, atol=0.01)
    torch.testing.assert_close(deep[:4, :, 0], -deep[4:, :, 0])
    for _ in train(task, PLAN, tmp_path / "dope_feet", device="cpu"):
        pass
    assert kinds_of(tmp_path / "dope_feet" / "best.safetensors") == ("feet",)


def test_a_head_is_added_and_the_others_stay_as_they_are(
    packs: Path, tmp_path: Path, student: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dope, "_VALIDATED", 2)
    expert = find_task("dope_feet", data=str(packs), width=96).network()
    (tmp_path / "dope_feet").mkdir()
    (tmp_path / "dope_feet" / "best.safetensors").write_bytes(pack(expert, {}))
    task = find_task("dope_with_feet", data=str(packs), width=96, student=str(student),
                     experts=str(tmp_path))  # fmt: skip
    for _ in train(task, replace(PLAN, steps=3), tmp_path / "run", device="cpu"):
        pass
    best = tmp_path / "run" / "best.safetensors"
    assert set(kinds_of(best)) == {*KINDS, "feet"}
    rgb = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    found: list[Found] = []
    for path in (student, best):
        with torch.inference_mode():
            found.append(unpack(DopeNetwork(in_order(kinds_of(path))), path)(rgb, 2))
    before, after = found
    for name in KINDS:
        assert torch.equal(after.poses[name].logits, before.poses[name].logits)
        assert torch.equal(after.poses[name].deltas, before.poses[name].deltas)
        assert torch.equal(after.regions[name].centre, before.regions[name].centre)
    assert after.poses["feet"].deltas.shape[2:] == (8, 4, 5)
    told, known = load_file(best), pack_of(expert)
    learned = [n for n in known if n.startswith("branches.feet.") and "running" not in n]
    assert any(not torch.equal(told[n].float(), known[n].float()) for n in learned)


def pack_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.half() for name, value in network.state_dict().items()}


def test_a_network_that_knows_feet_gets_no_second_head(packs: Path, tmp_path: Path) -> None:
    path = tmp_path / "more.safetensors"
    path.write_bytes(pack(DopeNetwork(in_order([*KINDS, "feet"])), {}))
    with pytest.raises(StudioError, match="head for feet already"):
        find_task("dope_with_feet", data=str(packs), student=str(path)).network()


def test_pictures_without_feet_are_refused(tmp_path: Path) -> None:
    write_pack(tmp_path / "train")
    with pytest.raises(StudioError, match="no points of halpe_26") as told:
        find_task("dope_feet", data=str(tmp_path)).network()
    assert "--prepare" in told.value.hint
