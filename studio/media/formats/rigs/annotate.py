"""A note inside a rig file, where readers of its format skip it: comments, or a key of its own."""

from __future__ import annotations

import json
from pathlib import Path


def annotate(path: Path, note: str) -> None:
    """Put a note (lines of text) into a rig file that was just written; beside it for a folder."""
    if path.is_dir():
        (path / "note.txt").write_text(note + "\n", "utf-8")
        return
    text = path.read_text("utf-8")
    lines = note.splitlines()
    suffix = path.suffix.lower()
    if suffix == ".json":
        content = json.loads(text)
        text = json.dumps({**content, "note": lines}, indent=1, ensure_ascii=False)
    elif suffix in (".xml", ".txt"):
        head, end, body = text.partition("?>\n")
        said = note.replace("--", "- -")
        text = f"{head}{end}<!--\n{said}\n-->\n{body}"
    elif suffix == ".toml":
        text = "".join(f"# {line}\n" for line in lines) + "\n" + text
    else:
        text = text.rstrip("\n") + "\n" + "".join(f"# {line}\n" for line in lines)
    path.write_text(text, "utf-8")
