"""An independent reader of GLB, written from the specification alone, and the Khronos validator."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

VALIDATOR = "gltf-validator@2.0.0-dev.3.10"
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Glb:
    """A GLB file, read back and evaluated."""

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", raw)
        assert (magic, version, length) == (b"glTF", 2, len(raw))
        assert len(raw) % 4 == 0
        size, kind = struct.unpack_from("<I4s", raw, 12)
        assert kind == b"JSON"
        assert size % 4 == 0
        self.json: dict[str, Any] = json.loads(raw[20 : 20 + size])
        self.bin = raw[28 + size :]
        self.nodes = self.json.get("nodes", [])

    def named(self, name: str) -> int:
        (found,) = [k for k, node in enumerate(self.nodes) if node.get("name") == name]
        return found

    def view(self, index: int) -> bytes:
        view = self.json["bufferViews"][index]
        assert view["byteOffset"] % 4 == 0
        return self.bin[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]

    def accessor(self, index: int) -> np.ndarray:
        entry = self.json["accessors"][index]
        width, kind = _WIDTHS[entry["type"]], np.dtype(_TYPES[entry["componentType"]])
        values = np.zeros((entry["count"], width), kind)
        if "bufferView" in entry:
            data = self.view(entry["bufferView"])
            values = np.frombuffer(data, kind, entry["count"] * width).reshape(-1, width).copy()
        if "sparse" in entry:
            sparse = entry["sparse"]
            at = np.frombuffer(self.view(sparse["indices"]["bufferView"]),
                               _TYPES[sparse["indices"]["componentType"]])  # fmt: skip
            assert (np.diff(at.astype(int)) > 0).all()
            values[at] = np.frombuffer(self.view(sparse["values"]["bufferView"]), kind).reshape(
                -1, width
            )
        if "min" in entry:
            np.testing.assert_array_equal(values.min(0), np.array(entry["min"], kind))
            np.testing.assert_array_equal(values.max(0), np.array(entry["max"], kind))
        if entry.get("normalized"):
            return values / np.iinfo(kind).max
        return values

    def posed(self, frame: int | None = None) -> list[np.ndarray]:
        """Triangle corners (faces, 3, 3) of every mesh node at a key frame, in node order."""
        local = {k: dict(node) for k, node in enumerate(self.nodes)}
        if frame is not None:
            for animation in self.json["animations"]:
                for channel in animation["channels"]:
                    sampler = animation["samplers"][channel["sampler"]]
                    output = self.accessor(sampler["output"])
                    keys = len(self.accessor(sampler["input"]))
                    value = output.reshape(keys, -1)[frame]
                    local[channel["target"]["node"]][channel["target"]["path"]] = value
        up = {child: k for k, node in enumerate(self.nodes) for child in node.get("children", [])}

        @cache
        def world(k: int) -> np.ndarray:
            matrix = _matrix(local[k])
            return world(up[k]) @ matrix if k in up else matrix

        shapes: list[np.ndarray] = []
        for k, node in enumerate(self.nodes):
            if "mesh" not in node:
                continue
            mesh = self.json["meshes"][node["mesh"]]
            for primitive in mesh["primitives"]:
                points = self.accessor(primitive["attributes"]["POSITION"]).astype(float)
                weights = local[k].get("weights", mesh.get("weights", []))
                for weight, target in zip(weights, primitive.get("targets", []), strict=True):
                    points += weight * self.accessor(target["POSITION"])
                if "skin" in node:
                    points = self._skinned(points, primitive, node["skin"], world)
                shapes.append(points[self.accessor(primitive["indices"]).reshape(-1, 3)])
        return shapes

    def _skinned(self, points: np.ndarray, primitive: Any, skin: int, world: Any) -> np.ndarray:
        entry = self.json["skins"][skin]
        inverse = self.accessor(entry["inverseBindMatrices"]).reshape(-1, 4, 4)
        inverse = inverse.transpose(0, 2, 1).astype(float)
        bones = np.array([world(j) @ m for j, m in zip(entry["joints"], inverse, strict=True)])
        joints = self.accessor(primitive["attributes"]["JOINTS_0"])
        weights = self.accessor(primitive["attributes"]["WEIGHTS_0"])
        blended = np.einsum("vk,vkij->vij", weights, bones[joints])
        return np.einsum(
            "vij,vj->vi", blended[:, :3], np.column_stack([points, np.ones(len(points))])
        )


def _matrix(node: dict[str, Any]) -> np.ndarray:
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.asarray(node.get("scale", (1, 1, 1)))
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


@cache
def _validator() -> Path:
    """The folder of the validator, installed once into the user's cache."""
    folder = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "doppel-tests" / "gltf"
    )
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed: the glTF validator cannot run")
    if not (folder / "node_modules" / "gltf-validator").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", VALIDATOR, "--no-fund", "--no-audit", "--silent"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        if done.returncode:
            pytest.skip(f"npm could not install the glTF validator: {done.stderr.strip()[-200:]}")
    return folder


_SCRIPT = """
const validator = require('gltf-validator'), fs = require('fs');
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])), {maxIssues: 20})
  .then(report => console.log(JSON.stringify(report.issues)))
  .catch(error => { console.error(String(error)); process.exit(1); });
"""


def validate(path: Path) -> list[str]:
    """Errors and warnings that the Khronos validator finds in a GLB file."""
    folder = _validator()
    command = ["node", "-e", _SCRIPT, str(path)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    issues: dict[str, Any] = json.loads(done.stdout)
    return [f"{m['code']}: {m['message']} at {m.get('pointer')}"
            for m in issues["messages"] if m["severity"] < 2]  # fmt: skip
