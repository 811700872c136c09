"""A head of one's own hides things in place of the average one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from wearers import VIEW_DEG, Crowd, face_at, glasses, grey

from studio.core.errors import StudioError
from studio.human.design import Design
from studio.live.wearing.own_head import design_file, head_of, of_project
from studio.live.wearing.tryon import TryOn
from studio.live.wearing.wear_settings import WearSettings
from studio.perception.wearers.average import average_head

TURNED = Rotation.from_euler("z", 40, degrees=True).as_matrix()


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The design of somebody whose head is much wider than others'."""
    path = tmp_path_factory.mktemp("heads") / "wide.json"
    local = {"head-fat": 1.0, "head-scale-horiz": 1.0}
    path.write_text(Design(local=local).model_dump_json())
    return path


def seen(head: str, **how: Any) -> tuple[np.ndarray, np.ndarray | None, StudioError | None]:
    """What is seen of glasses on a head that is turned; beside it, compared; what went wrong."""
    settings = WearSettings(
        items=("one",), occlusion="depth", view_deg=VIEW_DEG, own_head=head, shadow=0.0,
        colour=0.0, match_camera=False, edge_px=0, **how,
    )  # fmt: skip
    make: Any = lambda: Crowd(face_at((0.0, 0.6, 0.0), TURNED))  # noqa: E731
    with TryOn(lambda _: glasses(), make) as tryon:
        shown = tryon.show(grey(), settings)
    other = None if shown.compared is None else shown.compared[..., 0]
    return shown.rgba[..., 0], other, shown.trouble


def test_the_average_person_has_the_average_head() -> None:
    own = head_of(Design())
    low, high = average_head().vertices_m.min(0), average_head().vertices_m.max(0)
    np.testing.assert_allclose(own.vertices_m.min(0), low, atol=0.004)
    np.testing.assert_allclose(own.vertices_m.max(0), high, atol=0.004)
    assert len(own.faces) < 3100


def test_a_wider_head_of_ones_own_hides_more_and_stands_beside_the_fitted_one(wide: Path) -> None:
    own, fitted, trouble = seen(str(wide), compare="fitted")
    assert trouble is None
    assert fitted is not None
    plain, _, _ = seen("")
    assert (fitted == plain).all()
    red = [(picture > 140).sum() for picture in (own, plain)]
    assert red[0] < red[1] - 10
    both, _, _ = seen(str(wide), occluder="both")
    assert (both > 140).sum() <= red[0]
    kept, _, _ = seen(str(wide), occluder="fitted")
    assert (kept == plain).all()


def test_what_is_no_head_is_told_and_the_show_goes_on(tmp_path: Path) -> None:
    picture, _, trouble = seen(str(tmp_path / "me.glb"))
    assert trouble is not None
    assert "doppel head" in trouble.hint
    assert (picture > 140).any()
    with pytest.raises(StudioError, match="cannot be read"):
        design_file(str(tmp_path / "gone.json"))


def test_a_person_of_the_project_lends_their_head() -> None:
    class Project:
        def get(self, name: str, kind: type) -> Any:
            return type("Item", (), {"design": Design(local={"head-fat": 0.5})}) if name else None

    project: Any = Project()
    assert of_project(project)("person").local == {"head-fat": 0.5}
    with pytest.raises(StudioError, match="not in the project"):
        of_project(project)("")
