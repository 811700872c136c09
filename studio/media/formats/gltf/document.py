"""A glTF file as it is stored: its JSON document, and what its accessors and images hold.

Both ways of storing are understood: .glb, and .gltf with its buffers beside it or inside. Source:
https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import urllib.parse
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.core.errors import StudioError
from studio.core.files import check_file

_KINDS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_PACKED = {
    "KHR_draco_mesh_compression": "Draco", "EXT_meshopt_compression": "meshopt",
    "KHR_meshopt_compression": "meshopt",
}  # fmt: skip
_AGAIN = "Export it again from the program that made it, as GLB or VRM without compression."


class Document:
    """A glTF file that was read. Raises StudioError if it is none, or damaged, or packed."""

    def __init__(self, path: Path) -> None:
        check_file(path, "the avatar")
        self.path = path
        raw = path.read_bytes()
        self._inside: bytes | None = None
        text = self._unpacked(raw) if raw[:4] == b"glTF" else raw
        try:
            self.json: dict[str, Any] = json.loads(text)
            version = str(self.json["asset"]["version"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._broken("it is no glTF file") from error
        if not version.startswith("2"):
            raise StudioError(
                f"“{path.name}” is glTF {version}; Doppel reads version 2.", _AGAIN
            )  # fmt: skip
        for name, title in _PACKED.items():
            if name in self.json.get("extensionsRequired", ()):
                raise StudioError(f"“{path.name}” is packed with {title}.", _AGAIN)
        self._buffers: dict[int, bytes] = {}
        self._images: dict[int, np.ndarray | None] = {}

    def all(self, collection: str) -> list[dict[str, Any]]:
        """A top-level list of the document; empty if it is not there."""
        return self.json.get(collection, [])

    def extension(self, name: str) -> dict[str, Any] | None:
        """A top-level extension's object."""
        return self.json.get("extensions", {}).get(name)

    def accessor(self, index: int) -> np.ndarray:
        """The elements (count, width); integers that stand for shares come as 0 to 1 or -1 to 1.

        Raises StudioError if the file does not hold them.
        """
        try:
            return self._accessor(index)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise self._broken("a part of its data is missing") from error

    def image(self, texture: int) -> np.ndarray | None:
        """A texture's picture, UInt8 (height, width, 3 or 4); None if it cannot be read."""
        try:
            entry = self.all("textures")[texture]
            other = (entry.get("extensions") or {}).get("EXT_texture_webp", {})
            index = other.get("source", entry.get("source"))
            if index not in self._images:
                self._images[index] = self._decoded(self.all("images")[index])
            return self._images[index]
        except (KeyError, IndexError, ValueError, TypeError, StudioError):
            return None

    def _accessor(self, index: int) -> np.ndarray:
        entry = self.all("accessors")[index]
        kind, width = np.dtype(_KINDS[entry["componentType"]]), _WIDTHS[entry["type"]]
        count = int(entry["count"])
        values = np.zeros((count, width), kind)
        if "bufferView" in entry:
            values = self._strided(entry, kind, width, count)
        sparse = entry.get("sparse")
        if sparse:
            moved, some = int(sparse["count"]), sparse["indices"]
            at = self._strided(some, np.dtype(_KINDS[some["componentType"]]), 1, moved)[:, 0]
            values = values.copy()
            values[at] = self._strided(sparse["values"], kind, width, moved)
        if entry.get("normalized") and kind.kind in "iu":
            return np.maximum(values.astype(np.float64) / np.iinfo(kind).max, -1.0)
        return values

    def _strided(
        self, entry: dict[str, Any], kind: np.dtype[Any], width: int, count: int
    ) -> np.ndarray:
        data, step = self._view(entry["bufferView"])
        size = kind.itemsize * width
        step = step or size
        start = int(entry.get("byteOffset", 0))
        if count and start + step * (count - 1) + size > len(data):
            raise ValueError("the buffer view is too short")
        flat = np.frombuffer(data, np.uint8)[start:]
        rows = np.lib.stride_tricks.as_strided(flat, (count, size), (step, 1), writeable=False)
        return np.ascontiguousarray(rows).view(kind).reshape(count, width)

    def _view(self, index: int) -> tuple[bytes, int]:
        view = self.all("bufferViews")[index]
        data = self._buffer(int(view.get("buffer", 0)))
        start = int(view.get("byteOffset", 0))
        end = start + int(view["byteLength"])
        if end > len(data):
            raise ValueError("the buffer is too short")
        return data[start:end], int(view.get("byteStride", 0))

    def _buffer(self, index: int) -> bytes:
        if index not in self._buffers:
            uri = self.all("buffers")[index].get("uri")
            if uri is None:
                if self._inside is None:
                    raise self._broken("its data is missing")
                self._buffers[index] = self._inside
            else:
                self._buffers[index] = self._loaded(uri)
        return self._buffers[index]

    def _loaded(self, uri: str) -> bytes:
        if uri.startswith("data:"):
            try:
                return base64.b64decode(uri.partition(",")[2])
            except binascii.Error as error:
                raise self._broken("its data is damaged") from error
        beside = self.path.parent / urllib.parse.unquote(uri)
        if not beside.is_file():
            raise StudioError(
                f"“{self.path.name}” needs “{uri}”, which is not beside it.",
                "Keep all of its files together, or save it as one .glb.",
            )
        return beside.read_bytes()

    def _decoded(self, image: dict[str, Any]) -> np.ndarray | None:
        data = self._loaded(image["uri"]) if "uri" in image else self._view(image["bufferView"])[0]
        found: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if found is None:
            return None
        if found.dtype == np.uint16:
            found = (found >> 8).astype(np.uint8)
        if found.ndim == 2:
            found = cv2.cvtColor(found, cv2.COLOR_GRAY2BGR)
        order = [2, 1, 0, 3][: found.shape[2]]
        return np.ascontiguousarray(found[..., order])

    def _unpacked(self, raw: bytes) -> bytes:
        version, whole = struct.unpack_from("<II", raw, 4) if len(raw) >= 12 else (2, 0)
        if len(raw) < 12 or (version in (1, 2) and whole > len(raw)):
            missing = "" if len(raw) < 12 else f": {whole - len(raw):,} bytes are missing"
            raise StudioError(
                f"“{self.path.name}” is cut off{missing}.", "Copy or download it again."
            )
        text, at = b"", 12
        while at + 8 <= len(raw):
            size, kind = struct.unpack_from("<I4s", raw, at)
            chunk = raw[at + 8 : at + 8 + size]
            if kind == b"JSON":
                text = chunk
            elif kind == b"BIN\0" and self._inside is None:
                self._inside = chunk
            at += 8 + size
        return text

    def _broken(self, why: str) -> StudioError:
        return StudioError(f"“{self.path.name}” cannot be read: {why}.", _AGAIN)
