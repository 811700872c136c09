"""What to say of a pose dataset after takes were added."""

from __future__ import annotations

from studio.core.counted import counted
from studio.core.types import Fact
from studio.features.dataset.engine import Collected
from studio.training.pose_dataset import About, PoseDataset, alike


def facts_of(result: Collected) -> tuple[Fact, ...]:
    """What was added, how good it is as truth, and what the dataset holds now."""
    about = [one for _, one in result.added]
    frames, poses = sum(one.frames for one in about), sum(one.poses for one in about)
    added = Fact(
        "Added", f"{poses} poses seen by a camera, {frames} moments",
        "look" if result.left_out else "good", result.left_out[0] if result.left_out else "",
    )  # fmt: skip
    worst = max(about, key=lambda one: one.error_mm)
    quality = Fact(
        "Truth",
        f"cameras agree within {max(one.reprojection_px for one in about):.1f} px, "
        f"error bars of {worst.error_mm:.0f} mm (medians)",
        "good" if worst.error_mm < 15 else "look" if worst.error_mm < 40 else "stop",
        "" if worst.error_mm < 40 else "Calibrate again before a network learns from it",
    )  # fmt: skip
    return (added, quality, *held(result.dataset))


def held(dataset: PoseDataset) -> tuple[Fact, ...]:
    """What a dataset holds, and whether its tests are of other people."""
    takes = [dataset.about(name) for name in dataset.names()]
    if not takes:
        return (Fact("Dataset", "no take yet", "look"),)
    both = alike(takes)
    people = len({take.person for take in takes})
    text = (
        f"{_poses(takes)} poses of {counted(people, 'person', 'people')} in "
        f"{counted(len(takes), 'take')}; "
        f"{_poses([take for take in takes if take.held_out])} kept for tests"
    )
    blame = f"{', '.join(both)}: learned from and kept for tests" if both else ""
    return (Fact("Dataset", text, "look" if both else "plain", blame),)


def _poses(takes: list[About]) -> int:
    return sum(take.poses for take in takes)
