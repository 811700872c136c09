"""A head learns while somebody looks on: it can be paused, stopped and kept, and gone on with."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from studio.core.errors import Cancelled, StudioError
from studio.core.types import Posed
from studio.document.folder import ProjectFolder
from studio.document.project import AvatarItem, Project, Recipe
from studio.features.head import neural
from studio.features.head.layers_file import check_layers, read_layers, write_layers
from studio.features.head.step import layers_of
from studio.jobs import Context
from studio.perception.neural_heads import fitting, pixels
from studio.perception.neural_heads.network import HeadNetwork
from studio.perception.neural_heads.space import Space
from tests.perception.neural_heads.test_neural_fitting import photographs
from tests.perception.neural_heads.test_neural_volume import ball


@pytest.fixture
def learn(monkeypatch):
    """Learns a ball's surface for so many seconds, each step of which takes one."""
    torch.manual_seed(0)
    network, clock = HeadNetwork(3, rank=4), iter(np.arange(0, 1e4, 0.5))
    monkeypatch.setattr(neural, "unpack", lambda *_: network)
    monkeypatch.setattr(neural, "cut", lambda one, _: one)
    monkeypatch.setattr(Space, "about", lambda *_: ball())
    monkeypatch.setattr(neural, "SHOWN_S", 2.0)
    monkeypatch.setattr(neural, "QUICK_M", 0.03)
    monkeypatch.setattr(pixels, "RAYS", 16)
    monkeypatch.setattr(neural, "covered", partial(fitting.covered, side_px=12))
    monkeypatch.setattr(neural.time, "monotonic", lambda: float(next(clock)))
    vertices = np.zeros((len(neural.model.usual()), 3))
    monkeypatch.setattr(neural.model, "marks", lambda: ([0], np.ones((1, 1))))
    seen = SimpleNamespace(skin=lambda _: vertices, views=(None,))

    def start(seconds, context, layers=None, seed=0):
        return neural.learned(seen, None, photographs()[:1], seconds, context, layers, seed=seed)

    return start


def through(steps, each=lambda _: None):
    """What comes of it; ``each`` is told every surface that is shown."""
    while True:
        try:
            each(next(steps))
        except StopIteration as end:
            return end.value


def test_surfaces_are_shown_and_time_between_steps_is_not_counted(learn):
    shown: list[Posed] = []

    def look(posed: Posed) -> None:
        shown.append(posed)
        for _ in range(200):
            neural.time.monotonic()

    made = through(learn(5.0, Context()), look)
    assert len(shown) >= 2
    assert len(shown[0].character.parts[0].mesh.faces) > 100
    assert sum(made.head.steps) >= 4
    assert made.fact().label == "Surface"
    assert "0 %" not in made.fact().text


def test_a_seed_tells_what_is_learned(learn):
    one, same, other = (
        through(learn(2.0, Context(), seed=seed)).arrays() for seed in (3, 3, 4)
    )  # fmt: skip
    assert all((one[name] == same[name]).all() for name in one)
    assert any((one[name] != other[name]).any() for name in one)


def test_it_stops_when_asked_and_goes_on_from_what_it_kept(learn, tmp_path):
    context = Context()
    assert not context.stoppable
    steps = learn(1000.0, context)
    next(steps)
    assert context.stoppable
    context.finish()
    first = through(steps)
    assert not context.stoppable
    done = sum(first.head.steps)
    assert 0 < done < 20
    path = tmp_path / "layers.npz"
    assert read_layers(path) is None
    write_layers(path, first.arrays())
    again = through(learn(3.0, Context(), read_layers(path)))
    assert again.before == done
    assert sum(again.head.steps) > done
    assert again.fact().text.startswith(f"{done} and ")
    anew = through(learn(3.0, Context(), {"neural_photographs": np.array(["other"])}))
    assert anew.before == 0


def test_a_paused_one_waits_and_a_cancelled_one_ends(learn):
    context = Context()
    steps = learn(1000.0, context)
    next(steps)
    context.cancel()
    with pytest.raises(Cancelled):
        through(steps)


def test_layers_are_kept_with_the_project_and_read_back(learn, tmp_path):
    made = through(learn(2.0, Context()))
    folder = ProjectFolder(tmp_path / "Somebody.doppel")
    recipe = Recipe(feature="head", params={}, inputs=(), app_version="1", seconds=1.0)
    learned, plain = (
        AvatarItem(name=name, data=folder.assets.put_arrays(arrays), recipe=recipe)
        for name, arrays in (("a", {"height_m": np.ones(1), **made.arrays()}),
                             ("b", {"height_m": np.ones(1)}))
    )  # fmt: skip
    project = Project().with_items((learned, plain))
    found = layers_of(project, folder.assets)
    assert found is not None
    assert set(found) == set(made.arrays())
    folder.save(project)
    read = read_layers(folder.path)
    assert read is not None
    np.testing.assert_array_equal(read["neural_own_0"], found["neural_own_0"])
    assert layers_of(Project().with_items((plain,)), folder.assets) is None
    folder.save(Project())
    with pytest.raises(StudioError, match="has learned a surface"):
        read_layers(folder.path)
    with pytest.raises(StudioError, match="not kept"):
        check_layers(tmp_path / "layers.txt")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"no")
    with pytest.raises(StudioError, match="No layers can be read"):
        read_layers(broken)
