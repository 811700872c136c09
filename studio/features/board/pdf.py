"""Sheets as a PDF file: vectors, true to size, and viewers are asked not to scale (ISO 32000)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from studio.features.board.layout import Page, Words

POINTS_PER_M = 72 / 0.0254


def pdf(pages: Sequence[Page], title: str) -> bytes:
    """The file's bytes."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        f"<< /Type /Pages /Count {count} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        size = f"{page.width_m * POINTS_PER_M:.4f} {page.height_m * POINTS_PER_M:.4f}"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size}] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>".encode()
        )
        drawn = zlib.compress(_drawn(page))
        head = f"<< /Length {len(drawn)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + drawn + b"\nendstream")
    objects.append(b"<< /Title (" + _text(title) + b") /Producer (Doppel) >>")
    return _assembled(objects)


def _assembled(objects: Sequence[bytes]) -> bytes:
    file = bytearray(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(file)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    file += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    file += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n".encode()
    )
    return bytes(file + f"startxref\n{start}\n%%EOF\n".encode())


def _drawn(page: Page) -> bytes:
    """The page's drawing; the pattern is one path, so that touching cells show no seam."""
    parts = [_path(page, page.pattern, "f*"), _path(page, page.marks, "f")]
    return b"\n".join([b"0 g", *parts] + [_line(page, words) for words in page.words])


def _path(page: Page, rectangles: np.ndarray, fill: str) -> bytes:
    if not len(rectangles):
        return b""
    drawn = rectangles.copy()
    drawn[:, 1] = page.height_m - drawn[:, 1] - drawn[:, 3]
    rows = [" ".join(f"{value:.4f}" for value in row) + " re" for row in drawn * POINTS_PER_M]
    return "\n".join([*rows, fill]).encode()


def _line(page: Page, words: Words) -> bytes:
    x, y = words.x_m * POINTS_PER_M, (page.height_m - words.y_m) * POINTS_PER_M
    head = f"BT /F {words.size_m * POINTS_PER_M:.2f} Tf {x:.3f} {y:.3f} Td (".encode()
    return head + _text(words.text) + b") Tj ET"


def _text(text: str) -> bytes:
    plain = text.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        plain = plain.replace(special, b"\\" + special)
    return plain
