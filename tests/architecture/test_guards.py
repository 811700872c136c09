"""The house's guards, and a planted violation for each: a guard that catches nothing is none."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LONGEST = 400
WINDOW_LONGEST = 200
COPYLEFT = re.compile(r"\b(A?GPL|Affero|GNU General Public|non-?commercial|CC[- ]BY[- ]NC)", re.I)


@pytest.fixture
def house(tmp_path):
    """A copy of the source that a test may spoil."""
    shutil.copytree(
        ROOT / "studio", tmp_path / "studio", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(house, *command):
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=200)
    return done.returncode, done.stdout + done.stderr


def contracts(house):
    return run(house, str(BIN / "lint-imports"), "--no-cache")


def too_long(root):
    for folder in ("studio", "plugins", "installer"):
        for path in sorted((root / folder).rglob("*.py")):
            limit = WINDOW_LONGEST if path.parts[-2:] == ("ui", "window.py") else LONGEST
            if len(path.read_text("utf-8").splitlines()) > limit:
                yield path.relative_to(root)


def test_import_contracts_hold():
    code, text = contracts(ROOT)
    assert code == 0, text


PLANTS = {
    "a room imports from above": (
        {"vision/planted.py": "import studio.human\n"},
        "Imports only go down",
    ),
    "siblings": ({"media/planted.py": "import studio.document\n"}, "Imports only go down"),
    "a room nobody planned": ({"cellar.py": ""}, "Imports only go down"),
    "Qt below ui": ({"scene/planted.py": "import PySide6\n"}, "No Qt below ui"),
    "Qt through a helper": (
        {"jobs/planted.py": "import studio.jobs.deeper\n", "jobs/deeper.py": "import vispy\n"},
        "No Qt below ui",
    ),
    "an engine that reaches Qt through its panel": (
        {
            "features/planted/__init__.py": "",
            "features/planted/engine.py": "import studio.features.planted.panel\n",
            "features/planted/panel.py": "import PySide6.QtWidgets\n",
        },
        "only panel.py knows Qt",
    ),
    "features that know each other": (
        {
            "features/one/__init__.py": "",
            "features/one/engine.py": "import studio.features.two.engine\n",
            "features/two/__init__.py": "",
            "features/two/engine.py": "",
        },
        "Features are strangers",
    ),
}


@pytest.mark.parametrize("what", PLANTS)
def test_planted_import_is_caught(house, what):
    files, contract = PLANTS[what]
    for name, text in files.items():
        path = house / "studio" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code, text = contracts(house)
    assert code != 0
    assert re.search(rf"{re.escape(contract)}.*BROKEN", text), text


def test_modules_are_short():
    assert list(too_long(ROOT)) == []


def test_planted_long_module_is_caught(house):
    (house / "studio/vision/long.py").write_text("x = 1\n" * (LONGEST + 1))
    (house / "studio/ui/window.py").write_text("x = 1\n" * (WINDOW_LONGEST + 1))
    assert {path.name for path in too_long(house)} == {"long.py", "window.py"}


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("vision", "def half(x: int) -> str:\n    return x / 2\n"),
        ("document", "def f(x):\n    return x\n"),
        ("media", "from __future__ import annotations\n\ndef f(x: 'Nothing') -> None: ...\n"),
    ],
)
def test_planted_type_error_is_caught(tmp_path, room, text):
    """Strict below ui: the same configuration, over one room with a planted file."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "studio" / room / "planted.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    code, output = run(tmp_path, str(BIN / "pyright"), "--pythonpath", sys.executable)
    assert code != 0
    assert "planted.py" in output


def test_planted_lint_is_caught(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "planted.py").write_text("import os\nfrom pathlib import *\n")
    code, output = run(tmp_path, str(BIN / "ruff"), "check", ".")
    assert code != 0
    assert "F401" in output


def closure(name, seen):
    """The distributions that a plain install of ``name`` brings."""
    from packaging.requirements import Requirement

    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return seen
    try:
        seen[key] = distribution(name)
    except PackageNotFoundError:
        return seen
    for line in requires(name) or ():
        need = Requirement(line)
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            closure(need.name, seen)
    return seen


def copyleft(dists):
    for name, dist in dists.items():
        words = [dist.metadata.get("License-Expression") or ""]
        words += [c for c in dist.metadata.get_all("Classifier") or () if c.startswith("License")]
        stated = " ".join(words).strip() or (dist.metadata.get("License") or "")[:200]
        stated = re.sub(r"LGPL|Lesser General Public|Library or Lesser", "lesser", stated)
        if COPYLEFT.search(stated) and not re.search(r"\bOR\b|lesser", stated):
            yield f"{name}: {stated}"


def test_nothing_we_depend_on_is_gpl_or_non_commercial():
    found = closure("doppel-studio", {})
    assert len(found) > 30, "the closure was not resolved"
    assert list(copyleft(found)) == []


class Planted:
    def __init__(self, licence):
        self.metadata = self
        self.licence = licence

    def get(self, key, default=None):
        return self.licence if key == "License-Expression" else default

    def get_all(self, key):
        return ()


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "CC-BY-NC-4.0"])
def test_planted_licence_is_caught(licence):
    assert list(copyleft({"planted": Planted(licence)}))


def test_readme_maps_every_room():
    """The README's map of rooms is true: every room is there, and it names none that is not."""
    readme = (ROOT / "README.md").read_text("utf-8")
    rooms = {p.name for p in (ROOT / "studio").iterdir() if p.is_dir() and p.name != "__pycache__"}
    block = readme.split("## The map of rooms", 1)[1].split("```", 2)[1]
    named = set(re.findall(r"^  ([a-z_]+)/", block, re.M))
    assert named == rooms


def test_no_two_test_modules_share_a_name():
    """pytest imports them by their bare names: two alike stop the whole suite."""
    names = [p.name for p in (ROOT / "tests").rglob("*.py") if p.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))
