"""Designing a person without a window: presets, strangers, the step, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from gltf_twin import validate

from studio import cli
from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import AvatarItem, Project
from studio.features.person.engine import Inputs, design, facts_of
from studio.features.person.params import Params
from studio.features.person.step import Step
from studio.human.design import Design, Worn, read
from studio.human.rig import BONE_NAMES
from studio.jobs import Context, run
from studio.synth import closet, designed
from studio.synth.designed import body_of, resting
from studio.synth.people import PRESETS, preset, stranger
from studio.synth.poses import pose as named_pose
from studio.synth.stored import avatar_of


def test_there_are_many_people_to_begin_with() -> None:
    assert len(PRESETS) >= 8
    sexes = [one.build("gender") for one in PRESETS.values()]
    ages = [one.build("age") for one in PRESETS.values()]
    assert min(sexes) < 0.1
    assert max(sexes) > 0.9
    assert max(ages) > 0.9
    assert min(ages) < 0.5
    assert len({one.skin for one in PRESETS.values()}) >= 5
    assert preset("mara") is PRESETS["Mara"]
    with pytest.raises(StudioError, match="no person “Nobody”"):
        preset("Nobody")


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_their_text_and_are_of_human_size(name: str) -> None:
    one = PRESETS[name]
    assert read(one.text()) == one
    assert all(closet.piece(worn.item) is not None for worn in one.worn)
    rest, bones = resting(one, actions=False)
    assert 1.5 < body_of(rest, bones)[:13380, 2].max() < 1.95


def test_a_stranger_is_the_same_for_the_same_number() -> None:
    assert stranger(4) == stranger(4)
    assert len({stranger(seed).text() for seed in range(6)}) == 6
    assert read(stranger(5).text()) == stranger(5)


def test_strangers_wear_nothing_that_the_user_added(tmp_path: Path, monkeypatch) -> None:
    before = [stranger(seed) for seed in range(6)]
    own = [
        closet.Piece(f"mine{k}", "hair", "Mine", (0.1, 0.1, 0.1), root=tmp_path) for k in range(40)
    ]
    every = (*closet.catalogue(), *own)
    monkeypatch.setattr(closet, "catalogue", lambda: every)
    assert [stranger(seed) for seed in range(6)] == before


def test_the_step_keeps_somebody_who_can_be_read_again(tmp_path: Path) -> None:
    assets, step = Assets(tmp_path), Step()
    params = Params(preset="Kofi")
    assert step.missing(Project(), ()) == ()
    made = run(design(params, step.inputs(Project(), (), assets), Context()))
    packed = step.pack(Inputs(), params, made, assets, 1.0)
    (item,) = packed.items
    assert isinstance(item, AvatarItem)
    assert (item.name, item.design) == ("Kofi", PRESETS["Kofi"])
    project = Project().with_items([item])
    assert Project.model_validate_json(project.model_dump_json()) == project
    again = avatar_of(assets.arrays(item.data), item.name, item.design)
    assert again.animation is not None
    assert made.character.animation is not None
    assert again.animation.bones_world == pytest.approx(
        made.character.animation.bones_world, abs=1e-6
    )
    assert [part.name for part in again.parts] == [part.name for part in made.character.parts]


def test_what_this_machine_lacks_is_told() -> None:
    gone = Design(worn=(Worn(item="a-crown-of-thorns"),))
    facts = facts_of(gone, designed.still(gone))
    assert facts[0].verdict == "look"
    assert "a-crown-of-thorns" in facts[0].text


def test_the_command_writes_a_person_and_their_design(tmp_path: Path, capsys) -> None:
    out, saved = tmp_path / "ingrid.glb", tmp_path / "ingrid.json"
    code = cli.main(["person", "--preset", "ingrid", "--out", str(out), "--save", str(saved),
                     "--json"])  # fmt: skip
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert validate(out) == []
    assert read(saved.read_text()) == PRESETS["Ingrid"]
    assert 1.55 < told["height_m"] < 1.7
    assert "body" in told["parts"]


def test_the_command_poses_by_name_and_by_chance(tmp_path: Path, capsys) -> None:
    poses: list[dict] = []
    for pose in ("walk", "7", "7"):
        saved = tmp_path / "posed.json"
        assert cli.main(["person", "--preset", "Mara", "--pose", pose, "--save", str(saved)]) == 0
        capsys.readouterr()
        poses.append(read(saved.read_text()).pose)
    assert poses[0] == dict(named_pose("Walk"))
    assert poses[1] == poses[2] != poses[0]


def test_somebody_moves_by_chance_with_their_feet_on_the_floor() -> None:
    made = run(design(Params(preset="Mara", seconds=1.5, motion=2), Inputs(), Context()))
    assert len(made.fit) == 45
    animation = made.character.animation
    assert animation is not None
    assert len(animation) == 45
    feet = [BONE_NAMES.index(f"toe3-1.{side}") for side in "LR"]
    rest = made.character.armature.rest_world[feet, 2, 3]
    high = animation.bones_world[:, feet, 2, 3] - rest
    assert np.abs(high.min(axis=1)).max() < 0.03  # never both in the air
    assert np.linalg.norm(np.diff(animation.bones_world[:, 0, :3, 3], axis=0), axis=1).max() < 0.05


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "nothing to write"),
        (["--preset", "Mara", "--seed", "2", "--out", "x.glb"], "one thing"),
        (["--preset", "Nobody", "--out", "x.glb"], "no person"),
        (["--out", "x.fbx"], "ending"),
        (["--pose", "Handstand", "--out", "x.glb"], "no pose “Handstand”"),
        (["--pose", "3", "--variety", "9", "--out", "x.glb"], "variety of 9"),
        (["--seconds", "99", "--out", "x.glb"], "motion cannot be had"),
        (["--design", "missing.json", "--out", "x.glb"], "cannot be read"),
    ],
)
def test_the_command_refuses_in_words(arguments, told, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["person", *arguments]) == 1
    assert told in capsys.readouterr().err


def test_clothes_of_the_users_own_are_worn(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    closet.catalogue.cache_clear()
    try:
        (hat,) = closet.add(_cube(tmp_path / "Party Hat"))
        assert hat.kind == "hat"
        assert "licence" in hat.notice
        assert hat in closet.catalogue()
        worn = PRESETS["Jonas"].but(worn=(Worn(item=hat.name),))
        made = run(design(Params(design=worn), Inputs(), Context()))
        part = next(part for part in made.character.parts if part.name == hat.name)
        head = made.fit.height_m
        assert np.abs(part.mesh.vertices_m[:, 2].mean() - head) < 0.1
        (tmp_path / "nothing").mkdir()
        with pytest.raises(StudioError, match="holds no asset"):
            closet.add(tmp_path / "nothing")
    finally:
        closet.catalogue.cache_clear()


def _cube(folder: Path) -> Path:
    """A small asset: one triangle glued to the crown of the head."""
    folder.mkdir()
    (folder / "hat.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 3 4\n")
    (folder / "hat.mhclo").write_text(
        "name Party_Hat\nobj_file hat.obj\ntag hat\nverts 0\n" + "881\n" * 4
    )
    return folder
