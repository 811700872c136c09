"""The compact person: agrees with Anny, runs alone, in batches, with gradients."""

import os
import subprocess
import sys

import numpy as np
import pytest
import roma
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import StudioError
from studio.human import compact, compaction
from studio.human.compact_rig import nearest_turn
from studio.human.keypoints import keypoints, needed_vertices, table
from studio.human.layouts import layout
from studio.human.person import Shape, whole
from studio.human.phenotypes import PHENOTYPES
from studio.human.rig import ACTIONS, BONE_NAMES
from studio.human.segments import SEGMENT_NAMES

BONES = len(BONE_NAMES)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return compaction.export(tmp_path_factory.mktemp("compact") / "deep" / "person.safetensors")


@pytest.fixture(scope="module")
def person(path):
    return compact.load(path)


@pytest.fixture(scope="module")
def few(path):
    return compact.load(path, dtype=torch.float64).subset([294, 881, 14652, 8595, 11551, 7000])


def random_people(count, seed=0):
    g = torch.Generator().manual_seed(seed)
    phenotypes = torch.rand(count, len(PHENOTYPES), generator=g)
    actions = torch.rand(count, 52, generator=g) * (torch.rand(count, 52, generator=g) < 0.2)
    turns = roma.rotvec_to_rotmat(0.3 * torch.randn(count, BONES, 3, generator=g))
    return phenotypes, actions, turns, torch.randn(count, 3, generator=g)


def test_the_file_is_small_and_knows_its_names(path, person):
    assert path.stat().st_size < 14_000_000
    assert person.names["phenotypes"] == PHENOTYPES
    assert person.names["actions"] == ACTIONS
    assert person.names["bones"] == BONE_NAMES
    assert person.names["segments"] == SEGMENT_NAMES
    assert len(person.template_m) == 19158
    assert set(person.parts) == {"body", "eyes", "teeth", "tongue"}
    assert person.faces.max() < 19158
    assert person.uv_faces.max() < len(person.uv)
    assert len(person.faces) == len(person.uv_faces) > 27_420


@torch.no_grad()
def test_it_agrees_with_anny_on_random_people(person):
    count = 24
    phenotypes, actions, turns, root = random_people(count)
    pose = torch.eye(4).repeat(count, BONES, 1, 1)
    pose[..., :3, :3], pose[:, 0, :3, 3] = turns, root
    slow = whole().model(pose_parameters=pose, phenotype_kwargs=phenotypes, facial_actions=actions)
    fast = person.pose(person.rest(phenotypes), turns, root, actions)
    apart = (fast.vertices_m - slow["vertices"]).norm(dim=-1)
    assert apart.mean() < 1e-4
    assert apart.mean(1).max() < 2e-4
    assert apart.max() < 8e-3
    bones = fast.bones_world - slow["bone_poses"]
    assert bones[..., :3, 3].norm(dim=-1).max() < 3e-4
    assert bones[..., :3, :3].abs().max() < 1e-5


@torch.no_grad()
def test_scales_act_as_on_the_person(person):
    shape = Shape.of({"forearm": 1.2, "head": 0.9, "torso": 1.1, "hips": 0.8}, height=0.3)
    slow = whole().rest(shape)
    fast = person.rest(shape.phenotypes[None], shape.scales[None])
    assert (fast.heads_m[0] - slow.heads_m).norm(dim=1).max() < 3e-4
    apart = (person.reference_skin(fast)[0] - slow.vertices_m).norm(dim=1)
    assert apart.mean() < 1e-4


@torch.no_grad()
def test_a_batch_is_its_people_one_by_one(person):
    few = person.subset(np.arange(0, 19158, 97))
    phenotypes, actions, turns, root = random_people(3, seed=4)
    scales = few.scales(thigh=torch.tensor([0.9, 1.0, 1.1]))
    together = few.pose(few.rest(phenotypes, scales), turns, root, actions)
    for i in range(3):
        alone = few.pose(
            few.rest(phenotypes[i : i + 1], scales[i : i + 1]),
            turns[i : i + 1], root[i : i + 1], actions[i : i + 1],
        )  # fmt: skip
        torch.testing.assert_close(alone.vertices_m[0], together.vertices_m[i])
    one_shape = few.rest(phenotypes[:1])
    posed = few.pose(one_shape, turns, root, actions)
    again = few.pose(few.rest(phenotypes[:1].expand(3, -1)), turns, root, actions)
    torch.testing.assert_close(posed.vertices_m, again.vertices_m)
    # A subset moves as it does in the whole.
    full = person.pose(person.rest(phenotypes, scales), turns, root, actions)
    torch.testing.assert_close(full.vertices_m[:, few.ids], together.vertices_m)


def test_gradients_are_those_of_differences(few):
    phenotypes, actions, turns, root = (t.double() for t in random_people(2, seed=7))
    scales = few.scales(neck=1.1).expand(2, -1).clone()
    gaze = torch.tensor([[0.2, -0.1], [-0.3, 0.2]], dtype=torch.float64)
    inputs = (0.05 + 0.4 * phenotypes, scales, actions, root, gaze)

    def skin(phenotypes, scales, actions, root, gaze):
        posed = few.pose(few.rest(phenotypes, scales), few.looking(turns, gaze), root, actions)
        return posed.vertices_m

    torch.autograd.gradcheck(skin, [t.clone().requires_grad_() for t in inputs], eps=1e-6)

    def posed(vectors):
        turned = roma.rotvec_to_rotmat(vectors)
        return few.pose(few.rest(inputs[0][:1]), turned).bones_world

    vectors = 0.2 * torch.randn(1, BONES, 3, dtype=torch.float64)
    torch.autograd.gradcheck(posed, [vectors.requires_grad_()], fast_mode=True)


def test_the_middle_of_every_phenotype_has_a_gradient(few):
    phenotypes = few.phenotypes().requires_grad_()
    few.rest(phenotypes).modelled_m.square().sum().backward()
    assert (phenotypes.grad.abs() > 1e-9).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_nearest_turn_is_romas(seed):
    M = torch.randn(8, 3, 3, generator=torch.Generator().manual_seed(seed)).double()
    mine, theirs = M.clone().requires_grad_(), M.clone().requires_grad_()
    weights = torch.arange(9.0).reshape(3, 3).double()
    a, b = nearest_turn(mine), roma.special_procrustes(theirs)
    torch.testing.assert_close(a, b)
    (a * weights).sum().backward()
    (b * weights).sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-6)


@torch.no_grad()
def test_eyes_look_where_they_are_told(person):
    few = person.subset(np.arange(14598, 14742))
    _, _, turns, root = random_people(4, seed=2)
    rest = few.rest(few.phenotypes(gender=torch.rand(4)))
    straight = torch.eye(3).expand(1, BONES, 3, 3)
    left_up = few.pose(rest, few.looking(straight, torch.tensor([[0.3, 0.2]])))
    # The eye's front, which looks along -Y, goes to the person's left (+X) and up (+Z).
    way = left_up.turns[0, BONE_NAMES.index("eye.L")] @ torch.tensor([0.0, -1.0, 0.0])
    expected = (np.sin(0.3) * np.cos(0.2), -np.cos(0.3) * np.cos(0.2), np.sin(0.2))
    np.testing.assert_allclose(way, expected, atol=1e-6)
    target = torch.tensor([[0.3, -2.0, 1.0]]).expand(4, -1) + root
    posed = few.pose(rest, few.looking_at(rest, turns, root, target), root)
    for side in "LR":
        eye = BONE_NAMES.index(f"eye.{side}")
        way = posed.turns[:, eye] @ torch.tensor([0.0, -1.0, 0.0])
        to = torch.nn.functional.normalize(target - posed.joints_m[:, eye], dim=1)
        assert ((way * to).sum(1) > 1 - 1e-5).all()


@pytest.mark.parametrize("name", ["whole_body", "coco_133", "dope_139", "h36m_17", "openpose_137"])
@torch.no_grad()
def test_keypoints_lie_where_the_whole_person_has_them(person, name):
    shape, wanted = Shape.of(gender=0.2, weight=0.7), layout(name)
    _, _, turns, root = random_people(2, seed=3)
    points = table(wanted).to("cpu")
    posed = person.pose(person.rest(shape.phenotypes[None]), turns, root)
    found = points.at(posed)
    slow = whole().subset(needed_vertices(wanted))
    rest = slow.rest(shape, actions=False)
    expected = keypoints(slow, rest, slow.pose(rest, turns, root), wanted)
    # There a point hangs on four bones of the skin in the reference pose.
    assert (found - expected).norm(dim=2).median() < 1e-3
    assert (found - expected).norm(dim=2).max() < 0.012
    still = person.pose(person.rest(shape.phenotypes[None]), torch.eye(3).expand(1, BONES, 3, 3))
    there = keypoints(slow, rest, slow.pose(rest, torch.eye(3).expand(1, BONES, 3, 3),
                                            torch.zeros(1, 3)), wanted)  # fmt: skip
    assert (points.at(still) - there).norm(dim=2).max() < 1e-3


def test_it_runs_with_torch_numpy_and_safetensors_alone(path):
    script = f"""
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root in {{"anny", "roma", "scipy", "cv2", "jaxtyping", "pydantic", "platformdirs"}}:
            raise ImportError(name + " is walled off")
sys.meta_path.insert(0, Wall())
from studio.human import compact
person = compact.load({str(path)!r})
rest = person.rest(person.phenotypes(gender=1.0))
import torch
posed = person.pose(rest, torch.eye(3).expand(1, 104, 3, 3), actions=person.actions(jawOpen=0.5))
assert torch.isfinite(posed.vertices_m).all()
ours = [m for m in sys.modules if m.startswith("studio.") and sys.modules[m] is not None]
human = {{"studio.human", "studio.human.compact", "studio.human.compact_rig"}}
assert {{*ours}} <= human | {{"studio.core", "studio.core.errors"}}, ours
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, env=os.environ, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_bad_files_and_names_are_told(tmp_path, person):
    with pytest.raises(StudioError, match="could not be read"):
        compact.load(tmp_path / "none.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no tensors")
    with pytest.raises(StudioError, match="could not be read"):
        compact.load(broken)
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(1)}, broken, {"format": "something else"})
    with pytest.raises(StudioError, match="not a compact person"):
        compact.load(broken)
    with pytest.raises(StudioError, match="wight"):
        person.phenotypes(wight=0.5)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(StudioError, match="could not be written"):
        compaction.export(file / "person.safetensors")


def test_it_is_made_once_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(compaction, "cache_folder", lambda: tmp_path)
    first = compaction.stored()
    made = first.stat().st_mtime_ns
    assert compaction.stored() == first
    assert first.stat().st_mtime_ns == made
