"""Pictures that MediaPipe or a person marked teach the whole-body network in 2D alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from dope_people import SIZE_PX, person_m, seen_px, write_pack

from studio.cli import main as doppel
from studio.core.errors import StudioError
from studio.features.label.pseudo import found_again, mark
from studio.human.convert import convert
from studio.human.layouts import layout
from studio.jobs import Context
from studio.perception.detector import Person2D
from studio.perception.dope.kinds import KINDS
from studio.perception.dope.network import SIZE, STRETCH, DopeNetwork, Poses
from studio.perception.person_mask import PersonMask
from studio.training.feed import gathered
from studio.training.labelled import LabelledWhole, about, told_of
from studio.training.labels import LabelFolder, LabelledPerson
from studio.training.loop import train
from studio.training.plan import Plan
from studio.training.tasks import dope, dope_targets, find_task
from studio.training.tasks.dope_targets import parts_of
from studio.training.tasks.heatmaps import HeatmapsTask
from studio.weights import find

COCO = layout("coco_133")
WIDTH, HEIGHT = SIZE_PX
HANDS = ("left_hand", "right_hand")


def _marked_xy() -> np.ndarray:
    """A person's points in coco_133; what nobody knows of them is missing."""
    xy = seen_px(person_m(at_m=(0.0, 0.0, 2.4)))
    return convert(np.column_stack([xy, np.ones(139)]), "dope_139", COCO)[:, :2]


class Found:
    """Stands in for MediaPipe: the same person in every picture, one hand unsure."""

    layout, identity = COCO, "stand-in"

    def detect(self, rgb: np.ndarray, time_s: float = 0.0) -> tuple[Person2D, ...]:
        sure = np.where(np.isfinite(_marked_xy()[:, 0]), 0.9, 0.0)
        sure[list(COCO.parts["left_hand"])] = 0.2
        return (Person2D(COCO, _marked_xy(), sure),)

    def follow(self, people: object) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def folder(tmp_path: Path) -> LabelFolder:
    labels = LabelFolder.create(tmp_path / "mine", "my own holiday")
    for k in range(3):
        labels.add(np.full((HEIGHT, WIDTH, 3), 60 * k + 40, np.uint8), f"p{k}")
    return labels


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    for split in ("train", "validation", "test"):
        write_pack(folder / split)
    return folder


def _sample(folder: LabelFolder, packs: Path) -> dict[str, np.ndarray]:
    mark(folder, Found, "mediapipe", Context())
    like = find_task("dope", data=str(packs)).data("train", 0)[0]
    return dict(LabelledWhole(folder.path, like)[0])


def _parts(kind: str, sample: dict[str, np.ndarray]) -> dope_targets.Parts:
    whole = torch.from_numpy(sample["whole"])[None]
    return parts_of(KINDS[kind], whole[..., :2], whole[..., 2] > 0, whole[..., 3:], 128, 160)


def test_what_a_network_marks_is_kept_as_its_own_and_a_persons_labels_stay(
    folder: LabelFolder,
) -> None:
    own = np.full((133, 2), np.nan)
    own[:10] = 5.0
    folder.save_keypoints("p1", [LabelledPerson("coco_133", own)])
    assert mark(folder, Found, "mediapipe", Context()) == ("p0", "p2")
    assert (folder.marked_by("p0"), folder.marked_by("p1")) == ("mediapipe", "")
    (person,) = folder.keypoints("p0") or ()
    assert np.isnan(person.xy_px[list(COCO.parts["left_hand"])]).all()
    right = list(COCO.parts["right_hand"])
    np.testing.assert_allclose(person.xy_px[right], _marked_xy()[right], atol=1e-3)
    assert mark(folder, Found, "mediapipe", Context()) == ()
    told = told_of(folder.path)
    assert "3 pictures (my own holiday)" in told
    assert "a person, mediapipe" in told


def test_marked_pictures_are_samples_without_3d(folder: LabelFolder, packs: Path) -> None:
    sample = _sample(folder, packs)
    assert sample["rgb"].shape == (128, 160, 3)
    assert np.isnan(sample["whole"][..., 3:]).all()
    assert (sample["parts"] == 255).all()
    for kind in KINDS:
        parts = _parts(kind, sample)
        assert int(parts.there.sum()) == (kind != "hand"), kind  # hands are too small here
        assert not parts.deep.any()
        assert not parts.told.any()  # the hand that is not marked is no background
    hands = _parts("hand", sample)
    assert (hands.weight[0, :2] > 0).all(-1).tolist() == [False, True]  # left, right
    scale = min(128 / HEIGHT, 160 / WIDTH)
    wanted = (seen_px(person_m(at_m=(0.0, 0.0, 2.4)))[:12] + 0.5) * scale - 0.5
    wanted[:, 1] += (128 - round(HEIGHT * scale)) // 2
    np.testing.assert_allclose(_parts("body", sample).xy_px[0, 0, :12], wanted, atol=0.05)


def test_what_is_not_known_in_3d_costs_nothing_in_3d(folder: LabelFolder, packs: Path) -> None:
    parts = _parts("body", _sample(folder, packs))
    network = DopeNetwork([KINDS["body"]])
    branch, kind = network.branch("body"), KINDS["body"]
    boxes = parts.box_px[:, :1]
    xy = dope_targets.in_box(parts.xy_px[:, :1], boxes)
    flat = (xy[:, :, None] - branch.flat) * STRETCH
    wild = torch.randn(1, 1, kind.classes, kind.points, 3)
    family = parts.family[:, :1]
    best, _ = dope_targets.nearest_flat(kind, branch, xy, parts.weight[:, :1], family)
    logits = 30.0 * torch.nn.functional.one_hot(best, kind.classes + 1).float()
    marks = torch.zeros(1, 1, kind.families, kind.points, SIZE, SIZE)
    poses = Poses(boxes, logits, torch.cat([flat, wild], -1),
                  torch.where(parts.seen[:, :1], 30.0, -30.0), marks)  # fmt: skip
    told = {**dope_targets.head_losses(kind, branch, poses, parts)}
    assert float(told.pop("marks")) > 1  # nothing is marked
    assert max(float(value) for value in told.values()) < 1e-3
    off = replace(poses, deltas=poses.deltas + 0.2)
    assert float(dope_targets.head_losses(kind, branch, off, parts)["pose"]) > 0.2


class Looked:
    """Stands in for MediaPipe's second look: finds whoever stands in the picture's left half."""

    def __init__(self, folder: LabelFolder) -> None:
        self.width = folder.picture("p0").shape[1]

    def __enter__(self) -> Looked:
        return self

    def __exit__(self, *_: object) -> None: ...

    def look(self, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        if rgb[0, 0, 2] < self.width // 2:  # blue tells the column: see the test
            mask = np.zeros(rgb.shape[:2])
            mask[2:-2, 2:-2] = 1.0
            off = -np.array([float(rgb[0, 0, 2]), float(rgb[0, 0, 1])])
            told = convert(_one(20.0), "coco_133", "mediapipe_33")[:, :2]
            return mask, np.column_stack([told + off, np.zeros(33)])
        return None


def _one(left: float) -> np.ndarray:
    """Somebody's body, 60 px high, in coco_133."""
    out = np.full((133, 3), np.nan)
    out[:17, 0] = left + np.array([10, 11, 9, 13, 7, 16, 4, 18, 2, 19, 1, 14, 6, 14, 6, 14, 6])
    out[:17, 1] = 20 + np.array([5, 3, 3, 4, 4, 14, 14, 24, 24, 32, 32, 34, 34, 46, 46, 58, 58])
    out[:17, 2] = 1.0
    return out


def test_who_is_not_found_again_is_left_out_and_others_are_cut_out(tmp_path: Path) -> None:
    labels = LabelFolder.create(tmp_path / "again", "mine")
    columns, rows = np.meshgrid(np.arange(160), np.arange(120))
    labels.add(np.stack([0 * rows, rows, columns], -1).astype(np.uint8), "p0")
    people = [LabelledPerson("coco_133", _one(left)[:, :2]) for left in (20.0, 120.0)]
    kept, mask = found_again(labels.picture("p0"), people, cast(PersonMask, Looked(labels)))
    assert [float(person.xy_px[0, 0]) for person in kept] == [30.0]
    assert mask is not None
    assert mask[50, 30] == 255
    assert not mask[:, 80:].any()


def test_small_people_are_learned_from_as_large_as_made_up_ones() -> None:
    body = _one(40.0)[:, :2]
    left, top, right, bottom = about([body], (480, 640), 4 / 3)
    assert (right - left) / (bottom - top) == pytest.approx(4 / 3, abs=0.03)
    assert np.ptp(body[:17, 1]) / (bottom - top) == pytest.approx(0.65, abs=0.02)
    assert left >= 0
    assert left <= 41 < 59 <= right
    assert top <= 23 < 78 <= bottom
    assert about([], (480, 640), 4 / 3) == (0, 0, 640, 480)
    assert about([20 * body], (480, 640), 4 / 3) == (0, 0, 640, 480)


def test_training_takes_them_beside_made_up_people(
    folder: LabelFolder, packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dope, "_VALIDATED", 2)
    mark(folder, Found, "mediapipe", Context())
    task = find_task("dope", data=str(packs), labels=str(folder.path), share=0.5, width=96)
    source = task.data("train", 0)
    deep = [bool(np.isfinite(source[k]["whole"][..., 3:]).any()) for k in range(24)]
    assert 4 < sum(deep) < 20
    plan = Plan(steps=2, batch=4, log_every=1, validate_s=1e9)
    assert list(train(task, plan, tmp_path / "run", device="cpu"))
    assert "my own holiday" in task.facts()["data"]
    with pytest.raises(StudioError, match="share"):
        find_task("dope", data=str(packs), labels=str(folder.path), share=1.0).data("train", 0)


def test_heatmaps_learn_from_them_beside_pictures_of_any_size(
    folder: LabelFolder, packs: Path
) -> None:
    mark(folder, Found, "mediapipe", Context())
    task = find_task("heatmaps", data=str(packs), labels=str(folder.path), share=0.5)
    assert isinstance(task, HeatmapsTask)
    source = task.data("train", 0)
    batch = task.prepare(gathered([source[k] for k in range(12)]), torch.Generator().manual_seed(0))
    mine = batch["known"].any(1)  # nobody's points lie in those packs
    assert 2 < int(mine.sum()) < 10
    hands = [batch["known"][mine][:, list(COCO.parts[part])].all(1) for part in HANDS]
    assert (hands[0] ^ hands[1]).all()  # one is not marked, in the mirror the other
    assert not (batch["visible"] & ~batch["known"]).any()
    network = task.network()
    told = {name: float(v.detach()) for name, v in task.loss(network, batch).items()}
    assert np.isfinite(list(told.values())).all()
    hidden = {**batch, "known": torch.zeros_like(batch["known"])}
    assert float(task.loss(network, hidden)["seen"].detach()) == 0.0


def test_a_folder_without_marks_says_how_to_mark_it(folder: LabelFolder, packs: Path) -> None:
    with pytest.raises(StudioError, match="Nobody is marked") as told:
        find_task("dope", data=str(packs), labels=str(folder.path)).data("train", 0)
    assert "--points mediapipe" in told.value.hint


def test_a_film_becomes_labels_by_mediapipe(footage, tmp_path: Path, capsys) -> None:
    try:
        find("pose_landmarker_full")
    except StudioError as error:
        pytest.skip(str(error))
    video = footage("mv_pose2sim") / "single" / "videos" / "cam02.mp4"
    place = tmp_path / "film"
    code = doppel(["label", str(place), "--add", str(video), "--frames", "2", "--points",
                   "mediapipe", "--longest-px", "640", "--json"])  # fmt: skip
    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert len(answer["marked"]) == 2
    assert answer["labelled"]["keypoints"] == 2
    labels = LabelFolder.open(place)
    person = (labels.keypoints(answer["marked"][0]) or ())[0]
    hips = person.xy_px[[COCO.index("left_hip"), COCO.index("right_hip")]]
    assert np.isfinite(hips).all()
    assert labels.marked_by(answer["marked"][0]) == "mediapipe"
    mask = labels.map(answer["marked"][0], "mask")
    assert mask is not None
    x, y = hips.mean(0).round().astype(int)
    assert mask[y, x] == 255
    assert 0.01 < (mask > 127).mean() < 0.3
