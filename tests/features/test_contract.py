"""What every feature promises, checked over every one that is found."""

import inspect
import subprocess
import sys

import pytest
from pydantic import BaseModel

from studio.core.errors import StudioError
from studio.document.folder import Assets
from studio.document.project import Project
from studio.jobs import Context
from studio.registry import discover, plugin_folders

REGISTRY = discover(plugin_folders())
FEATURES = list(REGISTRY.features)


def test_nothing_is_broken():
    assert REGISTRY.broken == ()
    assert {"capture", "pose", "triangulate", "avatar", "export"} <= set(FEATURES)


@pytest.mark.parametrize("id", FEATURES)
def test_params_are_complete(id):
    """Frozen, valid by default, described with units, and the same after a trip through JSON."""
    params = REGISTRY[id].params
    assert issubclass(params, BaseModel)
    assert params.model_config.get("frozen")
    value = params()
    assert params.model_validate_json(value.model_dump_json()) == value
    for name, field in params.model_fields.items():
        assert field.description, f"{id}.{name} has no description"


@pytest.mark.parametrize("id", FEATURES)
def test_engine_is_a_generator_of_three_arguments(id):
    engine = REGISTRY[id].engine
    assert inspect.isgeneratorfunction(engine)
    assert len(inspect.signature(engine).parameters) == 3


@pytest.mark.parametrize("id", FEATURES)
def test_step_says_what_an_empty_project_lacks(id, tmp_path):
    """In an empty project a step either says what is missing, or explains it as an error."""
    step = REGISTRY[id].step
    missing = step.missing(Project(), ())
    for need in missing:
        assert need.text.endswith("."), need
        assert need.button
        assert need.action
    if missing:
        with pytest.raises(StudioError):
            step.inputs(Project(), (), Assets(tmp_path))


def test_engine_side_never_imports_qt():
    """All features in one process of their own; the first that brings a window in is named."""
    script = """
import sys
from studio.registry import discover, plugin_folders

for id, feature in discover(plugin_folders()).features.items():
    for part in ("engine", "params", "step", "command", "evaluate"):
        if getattr(feature.manifest, part):
            feature.load(part)
        bad = {"PySide6", "vispy", "pyvistaqt"} & {name.split(".")[0] for name in sys.modules}
        if bad:
            sys.exit(f"{id}'s {part} imports {bad}")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("id", [f for f in FEATURES if REGISTRY[f].manifest.command])
def test_command_explains_itself(id, capsys):
    from studio.cli import main

    assert main([id, "--help"]) == 0
    assert "--json" in capsys.readouterr().out


def test_cancelled_context_stops_at_the_first_check():
    from studio.core.errors import Cancelled

    context = Context()
    context.cancel()
    with pytest.raises(Cancelled):
        context.check()
