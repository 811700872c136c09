"""What the whole-body network learns from: parts in pictures, losses, experts and their student."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dope_people import SIZE_PX, parts, person_m, seen_px, write_pack

from studio.core.errors import StudioError
from studio.human.convert import convert
from studio.human.layouts import layout
from studio.perception.detector import InSpace, Person2D
from studio.perception.dope.kinds import FACE, KINDS, LEFT_HAND, RIGHT_HAND
from studio.perception.dope.network import SIZE, STRETCH, DopeNetwork, Poses, Regions
from studio.perception.dope.ppi import Part
from studio.perception.own import pack
from studio.training import augment
from studio.training.feed import Order, batches
from studio.training.loop import train
from studio.training.people import Pack
from studio.training.plan import Plan
from studio.training.task import Bench, Source
from studio.training.tasks import (
    dope,
    dope_figures,
    dope_marked,
    dope_targets,
    dope_teach,
    find_task,
)
from studio.training.tasks.dope import begin
from studio.training.tasks.dope_pictures import Pictures, moved, varied
from studio.training.tasks.dope_pictures import focal as focal_of
from studio.training.tasks.dope_targets import Parts, parts_of

WIDTH, HEIGHT = SIZE_PX


def _told(*people: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points of a picture of these people, as packs hold them."""
    xyz = np.stack(people)[None]
    xy = torch.tensor(seen_px(xyz), dtype=torch.float32)
    seen = (xy > 0).all(-1) & (xy < torch.tensor(SIZE_PX)).all(-1)
    return xy, seen, torch.tensor(xyz, dtype=torch.float32)


def _parts(kind: str, *people: np.ndarray) -> Parts:
    return parts_of(KINDS[kind], *_told(*people), HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    for split in ("train", "validation", "test"):
        write_pack(folder / split)
    return folder


def test_whole_people_upper_halves_and_close_ups_are_told_apart() -> None:
    whole = _parts("body", person_m())
    assert whole.there.tolist() == [[True]]
    assert whole.family.tolist() == [[0]]
    near = _parts("body", person_m(5, (0.0, 0.35, 1.3)))
    assert near.there.tolist() == [[True]]
    assert near.family.tolist() == [[1]]
    assert near.box_px[0, 0, 3] < HEIGHT + 40
    closer = person_m(5, (0.0, 0.62, 0.8))
    assert _parts("body", closer).there.tolist() == [[False]]
    assert _parts("face", closer).there.tolist() == [[True]]


def test_hands_are_left_and_right_and_origins_are_the_wrists() -> None:
    xyz = person_m()
    hands = _parts("hand", xyz)
    assert hands.family.tolist() == [[0, 1]]
    assert hands.there.all()
    left = xyz[LEFT_HAND.start : LEFT_HAND.stop]
    np.testing.assert_allclose(hands.xyz_m[0, 0], left - left[0], atol=1e-5)
    np.testing.assert_allclose(hands.xy_px[0, 1], seen_px(xyz)[RIGHT_HAND.start : RIGHT_HAND.stop],
                               atol=1e-3)  # fmt: skip


def test_a_hidden_face_is_not_to_be_found() -> None:
    xy, seen, xyz = _told(person_m())
    seen[..., list(FACE)] = False
    face = parts_of(KINDS["face"], xy, seen, xyz, HEIGHT, WIDTH)
    assert not face.there.any()
    assert not face.unsure.any()


def test_people_who_are_not_there_are_no_parts() -> None:
    nobody = np.full((139, 3), np.nan)
    for kind in KINDS:
        told = _parts(kind, person_m(), nobody)
        half = told.there.shape[1] // 2
        assert told.there[:, :half].all()
        assert not told.there[:, half:].any()
        assert all(torch.isfinite(v).all() for v in vars(told).values() if v.is_floating_point())


def _exact(kind: str, told: Parts, boxes: torch.Tensor) -> tuple[DopeNetwork, Poses]:
    """What a perfect head would say of boxes that show a picture's parts in turn."""
    network = DopeNetwork([KINDS[kind]])
    branch, of = network.branch(kind), KINDS[kind]
    whose = torch.arange(boxes.shape[1]) % told.box_px.shape[1]
    xy = dope_targets.in_box(told.xy_px[:, whose], boxes)
    deltas = torch.cat([(xy[:, :, None] - branch.flat) * STRETCH,
                        (told.xyz_m[:, whose][:, :, None] - branch.deep) * STRETCH],
                       -1)  # fmt: skip
    target, _ = dope_targets.nearest_anchor(of, branch, told.xyz_m[:, whose], told.family[:, whose])
    logits = 30.0 * torch.nn.functional.one_hot(target, of.classes + 1).float()
    seen = torch.where(told.seen[:, whose], 30.0, -30.0)
    cells = (torch.arange(SIZE) + 0.5) / SIZE
    apart = cells[None, :, None] - xy[..., None, None, 1], cells - xy[..., None, None, 0]
    marks = -0.5 * (apart[0] ** 2 + apart[1] ** 2) * (SIZE / 0.8) ** 2
    marks = marks[:, :, None].expand(-1, -1, of.families, -1, -1, -1)
    return network, Poses(boxes, logits, deltas, seen, marks)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_perfect_head_loses_nothing_and_every_fault_costs(kind: str) -> None:
    told = _parts(kind, person_m())
    boxes = told.box_px + 1.5
    network, poses = _exact(kind, told, boxes)
    branch = network.branch(kind)

    def losses(poses: Poses) -> dict[str, float]:
        found = dope_targets.head_losses(KINDS[kind], branch, poses, told)
        return {name: float(value) for name, value in found.items()}

    assert max(losses(poses).values()) < 1e-3
    assert losses(replace(poses, deltas=poses.deltas + 0.1))["pose"] > 0.1
    assert losses(replace(poses, logits=-poses.logits))["class"] > 1
    assert losses(replace(poses, seen=-poses.seen))["seen"] > 1
    assert losses(replace(poses, marks=poses.marks.flip(-1)))["marks"] > 1
    away = replace(poses, boxes_px=boxes + 500)
    assert losses(away)["class"] > 1  # a box of nothing with a class is wrong
    assert losses(away)["pose"] == 0


def test_pictures_that_nobody_annotated_have_no_background() -> None:
    told = _parts("body", person_m()).only(torch.tensor([False]))
    network, poses = _exact("body", told, told.box_px + 500)
    found = dope_targets.head_losses(KINDS["body"], network.branch("body"), poses, told)
    assert float(found["class"]) == 0
    region = Regions(torch.zeros(1, 32, 40), torch.zeros(1, 32, 40, 4))
    assert float(dope_targets.region_losses(region, told)[0]) == 0


def test_regions_lose_least_where_the_middle_of_a_part_is() -> None:
    told = _parts("body", person_m())
    middle = (told.box_px[0, 0, :2] + told.box_px[0, 0, 2:]) / 2
    column, row = ((middle + 0.5) / 8).long().tolist()

    def lost(y: int, x: int, grow: float = 0.0) -> tuple[float, float]:
        centre = torch.full((1, 32, 40), -9.0)
        centre[0, y, x] = 6.0
        boxes = told.box_px[:, :1, None].expand(1, 32, 40, 4).clone()
        boxes[..., 2:] += grow
        entropy, off = dope_targets.region_losses(Regions(centre, boxes), told)
        return float(entropy), float(off)

    assert lost(row, column)[0] < 0.1 < 1 < lost(row - 9, column)[0]
    assert lost(row, column)[1] < 1e-5 < 0.05 < lost(row, column, 20.0)[1]


def test_points_turn_and_mirror_with_the_picture() -> None:
    xyz = person_m()
    whole = torch.tensor(np.column_stack([seen_px(xyz), np.ones(139), xyz])[None, None]).float()
    centre = torch.tensor([[WIDTH - 1.0, HEIGHT - 1.0]]) / 2
    for flip in (0.0, 1.0):
        matrices, mirrored = augment.placements(
            torch.Generator().manual_seed(1), centre, torch.tensor([HEIGHT / 2]), turn_deg=25,
            shift=0.0, flip=flip,
        )  # fmt: skip
        xy, seen, there = moved(whole, matrices, mirrored, (HEIGHT, WIDTH))
        assert seen.all()
        # The moved 3D points, seen by the same camera, are the moved pixels.
        again = seen_px(there[0, 0].numpy())
        np.testing.assert_allclose(xy[0, 0].numpy(), again, atol=0.05)
        # Left stays left: a mirrored left elbow is a right one.
        assert float(there[0, 0, 9, 0] - there[0, 0, 8, 0]) * (xyz[9, 0] - xyz[8, 0]) > 0


def test_some_pictures_of_a_batch_lean_far_and_most_hardly(packs: Path) -> None:
    """People lie and cameras are held askew; which pictures lean is drawn for each alone."""
    source = Pack(packs / "train")
    batch = {key: torch.from_numpy(np.stack([value] * 256)) for key, value in source[0].items()}
    made = varied(batch, torch.Generator().manual_seed(3), None, (32, 64))
    neck, hip = made.xyz_m[:, 0, 10:12].mean(1), made.xyz_m[:, 0, 4:6].mean(1)
    before = batch["whole"][0, 0, :, 3:]
    upright = before[10:12].mean(0) - before[4:6].mean(0)
    there = made.xyz_m[:, 0, 0, 0].isfinite()
    way = (neck - hip)[there]
    lean = torch.rad2deg(torch.atan2(way[:, 0], -way[:, 1]))
    lean = (lean.abs() - torch.rad2deg(torch.atan2(upright[0], -upright[1])).abs()).abs()
    assert 0.05 < float((lean > 20).float().mean()) < 0.25
    assert float((lean < 10).float().mean()) > 0.65
    assert float(lean.max()) > 35


def test_a_camera_that_is_turned_aside_shows_another_perspective() -> None:
    """The picture, its points and their 3D stay together, as the seed's perspective asks."""
    xyz = person_m()
    whole = torch.tensor(np.column_stack([seen_px(xyz), np.ones(139), xyz])[None, None]).float()
    size, focal = (HEIGHT, WIDTH), focal_of((HEIGHT, WIDTH))
    centre = torch.tensor([[WIDTH - 1.0, HEIGHT - 1.0]]) / 2
    matrices, mirrored = augment.placements(
        torch.Generator().manual_seed(1), centre, torch.tensor([HEIGHT / 2]), turn_deg=0,
        shift=0.0, flip=0.0,
    )  # fmt: skip
    still = augment.turns(torch.Generator().manual_seed(5), 0.0, 3, 8.0)
    assert torch.equal(still, torch.eye(3).expand(3, 3, 3))
    turn = augment.turns(torch.Generator().manual_seed(5), 1.0, 1, 8.0)
    assert torch.allclose(turn @ turn.transpose(1, 2), torch.eye(3), atol=1e-6)
    xy, _, there = moved(whole, matrices, mirrored, size, (), turn)
    before, _, _ = moved(whole, matrices, mirrored, size)
    np.testing.assert_allclose(there[0, 0].numpy(), xyz @ turn[0].numpy(), atol=1e-5)
    assert float((xy - before).abs().max()) > 3
    # What lies in the picture at a point lies there in the turned one at the turned point.
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    rgb = torch.stack([x, y, x])[None].float()
    grid = augment.turned_grid(
        augment.grid(matrices, *size, size), turn, matrices, size, focal
    )  # fmt: skip
    seen = augment.look(rgb, grid)[0, :2]
    inside = (xy > 8) & (xy < torch.tensor([WIDTH, HEIGHT]) - 9)
    for new, old, well in zip(xy[0, 0], before[0, 0], inside[0, 0].all(-1), strict=True):
        if well and (old > 3).all() and (old < torch.tensor([WIDTH, HEIGHT]) - 4).all():
            column, row = new.round().long().tolist()
            np.testing.assert_allclose(seen[:, row, column] - old, new.round() - new, atol=0.25)


def _expert(kind: str, folder: Path, seed: int) -> DopeNetwork:
    torch.manual_seed(seed)
    network = DopeNetwork([KINDS[kind]])
    path = folder / f"dope_{kind}" / "best.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(pack(network, {}))
    return network


def test_the_student_is_drawn_to_positive_boxes_of_experts_alone() -> None:
    told = _parts("body", person_m())
    network, exact = _exact("body", told, told.box_px.repeat(1, 2, 1))
    branch, kind = network.branch("body"), KINDS["body"]
    taught = dope_teach.Taught(
        exact.boxes_px, torch.tensor([[True, False]]), exact.logits.softmax(-1), exact.deltas, told
    )

    def far(poses: Poses) -> tuple[float, float]:
        like, same = dope_teach.distillation(kind, branch, poses, told, taught)
        return float(like), float(same)

    assert max(far(exact)) < 1e-3
    elsewhere = exact.deltas.clone()
    elsewhere[:, 1] += 1.0
    logits = exact.logits.clone()
    logits[:, 1] = -logits[:, 1]
    assert max(far(replace(exact, deltas=elsewhere, logits=logits))) < 1e-3
    there = exact.deltas.clone()
    there[:, 0] += 0.1
    assert far(replace(exact, deltas=there))[1] == pytest.approx(0.5, rel=1e-3)
    assert far(replace(exact, logits=-exact.logits))[0] > 1


def test_found_parts_stand_for_annotations() -> None:
    xyz = person_m()
    found = [[parts(xyz)["body"][0]], []]
    told = dope_teach.stacked(found, KINDS["body"], 3)
    assert told.there.tolist() == [[True, False, False], [False, False, False]]
    truth = _parts("body", xyz)
    np.testing.assert_allclose(told.box_px[0, 0], truth.box_px[0, 0], atol=0.1)
    both = truth.only(torch.tensor([False])).joined(
        dope_teach.stacked([found[0]], KINDS["body"], 2)
    )
    assert both.there.sum() == 1
    assert both.told.all()


@pytest.mark.parametrize("annotated", ["one", "all"])
def test_the_student_learns_from_experts_and_truth(
    packs: Path, tmp_path: Path, annotated: str
) -> None:
    for seed, kind in enumerate(KINDS):
        _expert(kind, tmp_path, seed)
    task = find_task("dope", data=str(packs), experts=str(tmp_path), annotated=annotated, width=96)
    torch.manual_seed(0)
    network = task.network()
    source = task.data("train", 1)
    batch = next(batches(source, Order(len(source), 2, 1), 0))
    with torch.no_grad():
        told = task.prepare(batch, torch.Generator().manual_seed(0))
    terms = task.loss(network, told)
    assert {"taught class", "taught pose", "regions", "pose"} <= terms.keys()
    assert all(torch.isfinite(value) for value in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    again = task.prepare(batch, torch.Generator().manual_seed(0))
    assert torch.equal(told["rgb"], again["rgb"])


def test_the_table_has_experts_and_the_plain_network_beside_the_student(
    packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dope, "_TESTED", 2)
    for seed, kind in enumerate(KINDS):
        _expert(kind, tmp_path, seed)
    (tmp_path / dope.PLAIN).mkdir()
    (tmp_path / dope.PLAIN / "best.safetensors").write_bytes(pack(DopeNetwork(), {}))
    task = find_task("dope", data=str(packs), experts=str(tmp_path))
    rows = task.evaluate(DopeNetwork().eval(), "cpu", Bench())
    assert rows[0].baselines.keys() == {"its experts", "without distillation"}
    found = next(row for row in rows if row.what == "synthetic: hand found")
    assert found.baselines.keys() == {"its experts", "without distillation"}
    assert sum(row.what.startswith("real") for row in rows) == 4
    assert sum("px apart or more" in row.what for row in rows) == 3
    assert all(row.value is None for row in rows if row.what.startswith("real"))


def test_errors_of_faces_are_told_of_all_and_of_those_that_are_large() -> None:
    tally = dope_figures.Tally(flat=[0.2, 0.06, 0.04], sizes_px=[6.0, 20.0, 80.0])
    told = {what: value for (what, _, _), value in dope_figures._figures("face", tally).items()}
    assert told["face NME"] == pytest.approx(0.1)
    assert told["face NME, eyes 20 px apart or more"] == pytest.approx(0.05)
    none = dope_figures._figures("face", dope_figures.Tally())
    assert none["face NME, eyes 20 px apart or more", "of the eyes' distance", "lower"] is None


def test_without_an_expert_it_is_said_which_is_missing(packs: Path, tmp_path: Path) -> None:
    _expert("body", tmp_path, 0)
    task = find_task("dope", data=str(packs), experts=str(tmp_path))
    source = task.data("train", 1)
    batch = next(batches(source, Order(len(source), 2, 1), 0))
    with pytest.raises(StudioError, match="no expert of hand parts"):
        task.prepare(batch, torch.Generator().manual_seed(0))


def test_an_expert_begins_with_its_part_of_a_student(tmp_path: Path) -> None:
    torch.manual_seed(3)
    student = DopeNetwork()
    path = tmp_path / "student.safetensors"
    path.write_bytes(pack(student, {}))
    expert = DopeNetwork([KINDS["hand"]])
    begin(expert, path)
    mine, theirs = expert.state_dict(), student.state_dict()
    for name in ("trunk.stem.0.weight", "branches.hand.read.0.weight"):
        torch.testing.assert_close(mine[name], theirs[name], atol=1e-3, rtol=1e-2)
    name = "proposer.told.weight"
    torch.testing.assert_close(mine[name], theirs[name][5:10], atol=1e-3, rtol=1e-2)


def test_perfect_parts_measure_perfectly_and_nothing_measures_nothing(packs: Path) -> None:
    source = find_task("dope", data=str(packs)).data("test", 0)
    kinds, pictures = tuple(KINDS), iter(range(16))

    def told(number: int, name: str) -> list[Part]:
        whole = torch.from_numpy(source[number]["whole"])[None]
        of = (whole[..., :2], whole[..., 2] > 0, whole[..., 3:])
        p = parts_of(KINDS[name], *of, 128, 160)
        return [
            Part(name, p.xy_px[0, n].double().numpy(), p.xyz_m[0, n].double().numpy(),
                 np.ones(KINDS[name].points), 1.0, int(p.family[0, n]))
            for n in torch.nonzero(p.there[0])[:, 0].tolist()
        ]  # fmt: skip

    def everything(number: int) -> dict[str, list[Part]]:
        return {name: told(number, name) for name in kinds}

    def perfect(rgb: torch.Tensor) -> list[dict[str, list[Part]]]:
        return [everything(next(pictures)) for _ in rgb]

    best = dope_figures.measure(perfect, kinds, source, 16)
    for name in kinds:
        assert best[name].parts >= 8
        assert best[name].share == 1.0
        assert best[name].recall == 1.0
        assert best[name].ghosts == 0
        assert max(best[name].deep_mm) < 0.1
        assert best[name].sided == best[name].found
    none = dope_figures.measure(lambda rgb: [{} for _ in rgb], kinds, source, 16)
    assert all(tally.share == 0 and tally.recall == 0 for tally in none.values())


class _Told:
    """A detector that tells the people of pictures one after the other, some of them moved."""

    def __init__(self, source: Source, away: float, moved: int) -> None:
        self._pictures, self._away, self._moved = iter(range(len(source))), away, moved
        self._source = source

    def follow(self, people: tuple[Person2D, ...]) -> None:
        assert people == ()

    def detect(self, rgb: np.ndarray, time_s: float = 0.0) -> list[Person2D]:
        whole = torch.from_numpy(self._source[next(self._pictures)]["whole"])[None]
        body = parts_of(KINDS["body"], whole[..., :2], whole[..., 2] > 0, whole[..., 3:], 128, 160)
        head = dope_figures.sizes_of(KINDS["body"], _pictures(whole), body)
        out = []
        for n in torch.nonzero(body.there[0])[:, 0].tolist():
            xy = whole[0, n, :, :2].double().numpy().copy()
            xy[: self._moved, 0] += self._away * head[0, n]
            told = convert(np.column_stack([xy, np.ones(len(xy))]), "dope_139", "coco_133")
            xyz = whole[0, n, :, 3:].double().numpy() + np.array([0.0, 0.0, 4.0])
            xyz[:4, 2] += 0.13 * self._moved / 12  # legs' four of 13 points
            space = InSpace(layout("dope_139"), xyz, np.ones(len(xyz)), (160, 128))
            out.append(Person2D(layout("coco_133"), told[:, :2], told[:, 2], space=space))
        return out


def _pictures(whole: torch.Tensor) -> Pictures:
    return Pictures(torch.zeros(1, 3, 128, 160), whole[..., :2], whole[..., 2] > 0, whole[..., 3:])


def test_limbs_that_are_told_count_within_half_a_head(packs: Path) -> None:
    source = find_task("dope", data=str(packs)).data("test", 0)
    looks = {
        "near": _Told(source, 0.4, 12), "six far": _Told(source, 0.6, 6),
        "nobody": _Told(source, 90.0, 12),
    }  # fmt: skip
    told = dope_marked.of_people(looks, source, 16)
    near = {name: one.near for name, one in told.items()}
    assert len({len(told) for told in near.values()}) == 1
    assert all(near["near"])
    assert 0.3 < np.mean(near["six far"]) < 0.7
    assert not any(near["nobody"])
    assert len(told["near"].deep_mm) >= 8
    assert max(told["near"].deep_mm) == pytest.approx(40.0, abs=0.1)  # all points in the picture
    assert min(told["near"].deep_mm) > 20.0
    assert told["nobody"].deep_mm == []


def test_aligned_error_forgives_turn_scale_and_shift() -> None:
    dice = np.random.default_rng(0)
    truth = dice.normal(size=(21, 3))
    turn, _ = np.linalg.qr(dice.normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    assert dope_figures.aligned_error_m(0.4 * truth @ turn + 3, truth) == pytest.approx(0, abs=1e-9)
    assert dope_figures.aligned_error_m(truth * [1, 1, -1], truth) > 0.1


def test_an_expert_trains_and_resumes(
    packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dope, "_VALIDATED", 2)
    task = find_task("dope_face", data=str(packs), width=96)
    plan = Plan(steps=2, batch=2, log_every=1, validate_s=1e9)
    for _ in train(task, plan, tmp_path, device="cpu"):
        pass
    longer = replace(plan, steps=3)
    steps = [p.step for p in train(task, longer, tmp_path, resume=True, device="cpu")]
    assert steps[0] == 3
