"""What a web server holds, fetched whole: nothing that is larger than it may be."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

from studio.core.errors import StudioError
from studio.core.files import IMAGE_SUFFIXES, write_whole

TIMEOUT_S = 20.0
PICTURE_BYTES = 64_000_000
_TYPES = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/bmp": ".bmp",
    "image/tiff": ".tif",
}  # fmt: skip


def is_address(text: str) -> bool:
    """Whether that names something on a web server."""
    return text.lower().startswith(("http://", "https://"))


def fetched(address: str, most: int, what: str) -> tuple[bytes, str, str]:
    """The content, its type, and the address at which it was at last; ``what``: “The page”.

    Raises StudioError if it cannot be had, or is larger than ``most`` bytes.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise StudioError(
            f"“{address}” is no address of a page.", "It begins with http:// or https://."
        )
    asked = urllib.request.Request(address, headers={"User-Agent": "Doppel"})
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
            if urlsplit(answer.url).scheme not in ("http", "https"):
                raise StudioError(f"“{address}” leads elsewhere.", "Ask who serves it.")
            data = answer.read(most + 1)
            if len(data) > most:
                raise StudioError(
                    f"{what} at “{address}” is larger than {most / 1e6:.0f} MB.",
                    "Choose a smaller one.",
                )
            return data, answer.headers.get_content_type(), answer.url
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise StudioError(
            f"{what} at “{address}” cannot be fetched: {reason}.",
            "Check the address and the connection.",
        ) from error


def fetched_picture(address: str, folder: Path) -> Path:
    """A picture of a web server as a file of a folder, by the name that its address ends with.

    Raises StudioError if it cannot be had, or is no picture.
    """
    data, kind, _ = fetched(address, PICTURE_BYTES, "The picture")
    there = Path(unquote(urlsplit(address).path))
    suffix = there.suffix.lower() if there.suffix.lower() in IMAGE_SUFFIXES else _TYPES.get(kind)
    if suffix is None:
        raise StudioError(
            f"What is at “{address}” is no picture ({kind}).",
            "Give the picture's own address; streams are followed with --stream.",
        )
    name = re.sub(r"[^\w-]+", "_", there.stem).strip("_")[:60] or "picture"
    path = folder / f"{name}{suffix}"
    write_whole(path, data)
    return path
