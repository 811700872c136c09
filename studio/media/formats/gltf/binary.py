"""The parts of a GLB file: a JSON document and one buffer, both padded to four bytes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from studio.media.formats.whole import whole

_COMPONENT = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
VERTICES, INDICES = 34962, 34963


class Binary:
    """Collects accessors and images. Empty top-level lists are left out of the file."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"asset": {"version": "2.0"}}
        self._buffer = bytearray()

    def add(self, collection: str, value: dict[str, Any]) -> int:
        """Append to a top-level list of the document; the new index."""
        items: list[dict[str, Any]] = self.document.setdefault(collection, [])
        items.append(value)
        return len(items) - 1

    def accessor(
        self,
        values: np.ndarray,
        kind: str,
        target: int | None = None,
        bounds: bool = False,
        normalised: bool = False,
    ) -> int:
        """Store an array of SCALAR, VEC2 ... MAT4 elements; its accessor."""
        values = np.ascontiguousarray(values).reshape(-1, _WIDTH[kind])
        entry: dict[str, Any] = {
            "bufferView": self.view(values.tobytes(), target),
            "componentType": _COMPONENT[values.dtype.str[1:]],
            "count": len(values),
            "type": kind,
        }
        if normalised:
            entry["normalized"] = True
        return self.add("accessors", entry | (_bounds(values) if bounds else {}))

    def offsets(self, values: np.ndarray, sparse: bool = True) -> int:
        """Store vertex offsets (vertices, 3): of the moved vertices only, where that is smaller."""
        if not sparse:
            return self.accessor(values, "VEC3", VERTICES, bounds=True)
        moved = np.flatnonzero(values.any(-1)).astype("<u2" if len(values) <= 65_536 else "<u4")
        if len(moved) * (12 + moved.itemsize) >= values.nbytes:
            return self.accessor(values, "VEC3", VERTICES, bounds=True)
        entry: dict[str, Any] = {"componentType": 5126, "count": len(values), "type": "VEC3"}
        entry |= _bounds(values)
        if len(moved):
            entry["sparse"] = {
                "count": len(moved),
                "indices": {
                    "bufferView": self.view(moved.tobytes()),
                    "componentType": _COMPONENT[moved.dtype.str[1:]],
                },
                "values": {"bufferView": self.view(values[moved].tobytes())},
            }
        return self.add("accessors", entry)

    def texture(self, name: str, picture: np.ndarray) -> int:
        """Embed a picture (RGB as JPEG, with alpha as PNG); its texture."""
        if picture.ndim == 3 and picture.shape[2] == 4:
            suffix, mime = ".png", "image/png"
            _, data = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA))
        else:
            suffix, mime = ".jpg", "image/jpeg"
            grey = picture.ndim == 2 or picture.shape[2] == 1
            plain = picture if grey else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
            _, data = cv2.imencode(suffix, plain, [cv2.IMWRITE_JPEG_QUALITY, 92])
        if not self.document.get("samplers"):
            linear, mipmaps, repeat = 9729, 9987, 10497
            self.add("samplers", {"magFilter": linear, "minFilter": mipmaps,
                                  "wrapS": repeat, "wrapT": repeat})  # fmt: skip
        view = self.view(data.tobytes())
        image = self.add("images", {"name": name, "bufferView": view, "mimeType": mime})
        return self.add("textures", {"source": image, "sampler": 0})

    def view(self, data: bytes, target: int | None = None) -> int:
        """Store bytes, aligned; their buffer view."""
        entry: dict[str, Any] = {
            "buffer": 0,
            "byteOffset": len(self._buffer),
            "byteLength": len(data),
        }
        self._buffer += data + b"\0" * (-len(data) % 4)
        return self.add("bufferViews", entry if target is None else entry | {"target": target})

    def write(self, path: Path) -> None:
        """Write the file."""
        body = bytes(self._buffer)
        buffers = {"buffers": [{"byteLength": len(body)}]} if body else {}
        text = json.dumps(self.document | buffers, ensure_ascii=False, separators=(",", ":"),
                          allow_nan=False).encode("utf-8")  # fmt: skip
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text
        if body:
            chunks += struct.pack("<I4s", len(body), b"BIN\0") + body
        with whole(path) as temp:
            temp.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks)


def _bounds(values: np.ndarray) -> dict[str, Any]:
    return {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
