"""The card of an asset: ``card.toml`` where there is one, else what its files say of themselves."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from studio.core.errors import StudioError
from studio.human.wardrobe.asset import KINDS, Card

_LICENCES = (
    (r"\bCC[- ]?0\b|public domain", "CC0-1.0"),
    (r"\bCC[- ]BY[- ]NC[- ]SA\b", "CC-BY-NC-SA-4.0"),
    (r"\bCC[- ]BY[- ]NC\b", "CC-BY-NC-4.0"),
    (r"\bCC[- ]BY[- ]ND\b", "CC-BY-ND-4.0"),
    (r"\bCC[- ]BY[- ]SA\b", "CC-BY-SA-4.0"),
    (r"\bCC[- ]BY\b|attribution", "CC-BY-4.0"),
    (r"\bAGPL", "AGPL-3.0"),
    (r"\bGPL", "GPL-3.0"),
    (r"\bMIT\b", "MIT"),
)
_FOLDERS = {
    "hair": "hair", "eyebrows": "brows", "brows": "brows", "eyelashes": "lashes",
    "lashes": "lashes", "eyes": "eyes", "teeth": "teeth", "tongue": "tongue", "skins": "skin",
    "skin": "skin",
}  # fmt: skip
_WORDS = (
    ("hat", ("hat", "cap", "beanie", "fedora", "helmet", "headwear")),
    ("glasses", ("glasses", "spectacles", "goggles", "eyewear")),
    ("shoes", ("shoe", "boot", "sandal", "sneaker", "trainer", "footwear", "heels", "slipper")),
    ("dress", ("dress", "gown")),
    ("suit", ("suit", "outfit", "overall", "uniform", "costume", "jumpsuit")),
    ("bottom", ("trouser", "pants", "jeans", "skirt", "shorts", "legging", "bottom", "briefs")),
    ("jacket", ("jacket", "coat", "cardigan", "blazer", "parka")),
    ("top", ("shirt", "top", "sweater", "jumper", "hoodie", "blouse", "vest", "bra")),
    ("hair", ("hair", "ponytail", "wig", "beard", "moustache")),
    ("brows", ("eyebrow", "brows")),
    ("lashes", ("eyelash", "lashes")),
)  # fmt: skip


def read_card(text: str, name: str) -> Card:
    """Read a ``card.toml``. Raises StudioError if it is damaged or its kind is not known."""
    try:
        found: dict[str, Any] = tomllib.loads(text)
        card = Card(
            str(found["title"]),
            str(found["kind"]),
            str(found.get("licence", "unknown")),
            str(found.get("author", "")),
            str(found.get("source", "")),
            {str(key): str(value) for key, value in found.get("colours", {}).items()},
        )
    except (tomllib.TOMLDecodeError, KeyError, AttributeError) as error:
        raise StudioError(
            f"The card “{name}” cannot be read ({error}).",
            "It needs a title, a kind and a licence; [colours] holds names and “#rrggbb”.",
        ) from error
    if card.kind not in KINDS:
        raise StudioError(
            f"The card “{name}” says the kind “{card.kind}”.", f"There are: {', '.join(KINDS)}."
        )
    wrong = [value for value in card.colours.values() if not re.fullmatch(r"#[0-9a-f]{6}", value)]
    if wrong:
        raise StudioError(
            f"The card “{name}” has a colour “{wrong[0]}”.", "Write colours as #rrggbb."
        )
    return card


def write_card(card: Card) -> str:
    """The text of a ``card.toml`` (inverse of :func:`read_card`)."""
    fields = {
        "title": card.title, "kind": card.kind, "licence": card.licence, "author": card.author,
        "source": card.source,
    }  # fmt: skip
    lines = [f"{key} = {_quoted(value)}" for key, value in fields.items() if value]
    if card.colours:
        lines += ["", "[colours]"]
        lines += [f"{_quoted(key)} = {_quoted(value)}" for key, value in card.colours.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    safe = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{safe}"'


def guessed_card(path: str, title: str, tags: tuple[str, ...], comments: str) -> Card:
    """A card from the folder an asset lies in, its tags and name, and its files' comments."""
    return Card(title, _kind(path, title, tags), _licence(comments), _author(comments))


def _kind(path: str, title: str, tags: tuple[str, ...]) -> str:
    folders = path.lower().split("/")[:-1]
    for folder in reversed(folders):
        if folder in _FOLDERS:
            return _FOLDERS[folder]
    for text in (" ".join(tags).lower(), title.lower(), folders[-1] if folders else ""):
        for kind, words in _WORDS:
            if any(word in text for word in words):
                return kind
    return "other"


def _licence(comments: str) -> str:
    for line in comments.splitlines():
        said = re.search(r"licen[cs]e\s*[:=]?\s*(.+)", line, re.IGNORECASE)
        for pattern, name in _LICENCES if said else ():
            if re.search(pattern, line, re.IGNORECASE):
                return name
    for pattern, name in _LICENCES:
        if re.search(pattern, comments, re.IGNORECASE):
            return name
    return "unknown"


def _author(comments: str) -> str:
    said = re.search(r"^\s*author\s*[:=]?\s*(.+)$", comments, re.IGNORECASE | re.MULTILINE)
    if said:
        return said.group(1).strip()
    holders = re.findall(r"copyright \(c\)\s*(?:\d{4}\s*)?(.+)$", comments, re.I | re.M)
    return ", ".join(dict.fromkeys(holder.strip() for holder in holders))
