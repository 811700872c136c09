"""What is installed without a checkout: the package carries its data files."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import studio

ROOT = Path(studio.__file__).parents[1]
LOOK = """
from studio.core.resources import resource
assert "_resources" in str(resource("theme")), resource("theme")
for name in ("theme/dark.toml", "theme/studio.qss", "icons/check.svg", "fonts/Inter-Regular.ttf",
             "help/start.md", "LICENSE"):
    assert resource(name).is_file(), name
from studio.core.card import find_card, shipped_models
assert "_models" in str(shipped_models()), shipped_models()
assert find_card("parts").weights.is_file()
from studio.registry import discover
assert {"capture", "triangulate", "avatar", "export"} <= set(discover().features)
"""


def test_a_wheel_carries_theme_icons_help_and_manifests(tmp_path):
    source = tmp_path / "source"
    for name in ("studio", "resources", "models"):
        ignored = shutil.ignore_patterns("__pycache__", "*.mp4")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md"):
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, source / name)
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    installed = tmp_path / "installed"
    with zipfile.ZipFile(source / "dist" / done.stdout.split()[-1]) as wheel:
        wheel.extractall(installed)
    assert not (installed / "studio" / "_resources" / "pictures").exists()
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {[str(installed), *sys.path]!r}"
         + LOOK],
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
