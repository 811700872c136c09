"""Catalogues that a web server offers: an index as JSON, or any page with links to models.

An index is ``{"title": ..., "items": [{"name", "kind", "model", "thumbnail", "licence", "author",
"source", "card"}]}``; addresses in it may be relative to it, and ``card`` is the thing's whole
card.
Nothing is fetched before it is wanted, and nothing that is larger than it may be.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from pydantic import ValidationError

from studio.core.errors import StudioError
from studio.core.files import write_whole
from studio.core.folders import cache_folder
from studio.core.items import ITEM_KINDS, ItemKind
from studio.media.catalogue.card import ItemCard
from studio.media.catalogue.catalogue import Catalogue, CatalogueEntry
from studio.media.catalogue.guess import Guess, answered, guess, words_of
from studio.media.catalogue.models import LARGEST_BYTES, SUFFIXES, read_model
from studio.media.catalogue.worn import item_of
from studio.media.served import fetched

INDEX = "catalogue.json"
PAGE_BYTES, PICTURE_BYTES, CACHE_BYTES = 4_000_000, 4_000_000, 500_000_000
MOST_OFFERS = 2000
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Offer:
    """A thing on a page, not fetched yet. What the page does not say is empty."""

    name: str
    model: str
    thumbnail: str = ""
    kind: ItemKind | None = None
    licence: str = "unknown"
    author: str = ""
    source: str = ""
    card: ItemCard | None = None

    @property
    def id(self) -> str:
        """A name for the thing that no other has."""
        return hashlib.sha256(self.model.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Page:
    """A catalogue page. ``notes`` say what was left out."""

    address: str
    title: str
    offers: tuple[Offer, ...]
    notes: tuple[str, ...] = ()


def read_page(address: str) -> Page:
    """Read a page. Raises StudioError if it cannot be fetched or offers nothing."""
    data, kind, at = fetched(address, PAGE_BYTES, "The page")
    text = data.decode("utf-8", "replace")
    is_json = "json" in kind or text.lstrip()[:1] in "{["
    page = _from_json(text, at) if is_json else _from_html(text, at)
    if not page.offers:
        raise StudioError(
            f"“{address}” offers no models.",
            f"A page needs links to {', '.join(SUFFIXES)}, or to be an index as JSON.",
        )
    if len(page.offers) > MOST_OFFERS:
        note = f"Only the first {MOST_OFFERS} of {len(page.offers)} things are shown."
        page = replace(page, offers=page.offers[:MOST_OFFERS], notes=(*page.notes, note))
    return page


def thumbnail_of(offer: Offer) -> Path | None:
    """An offer's picture in the cache, fetched if it is not there; None if it has none, or it
    cannot be fetched."""
    if not offer.thumbnail:
        return None
    try:
        return _cached(offer.thumbnail, PICTURE_BYTES, "The picture")
    except StudioError:
        return None


def model_of(offer: Offer) -> Path:
    """An offer's model in the cache, fetched if it is not there, with the files that a glTF needs.

    Raises StudioError if it cannot be fetched or is too large.
    """
    path = _cached(offer.model, LARGEST_BYTES, "The model")
    if path.suffix == ".gltf":
        _with_parts(path, offer.model)
    return path


def told_of(offer: Offer) -> Guess:
    """Fetch an offer's model and say what it is, with what the page told."""
    told = guess(model_of(offer))
    if offer.card is not None:
        return replace(told, placement=offer.card.placement, pair=offer.card.pair)
    return answered(told, kind=offer.kind) if offer.kind else told


def bring_in(catalogue: Catalogue, offer: Offer) -> CatalogueEntry:
    """Keep an offer in a catalogue of one's own. Raises StudioError as fetching and reading do."""
    if offer.card is None:
        told = told_of(offer)
        return catalogue.bring_in(told, offer.name, offer.licence, offer.author, offer.source)
    path = model_of(offer)
    card = offer.card.model_copy(update={"model": "model.glb"})
    character, notes = read_model(path)
    return catalogue.keep(card, path, item_of(character, card, notes), character)


def write_index(catalogue: Catalogue) -> Path:
    """Write the index that makes a catalogue's folder a page where a web server offers it."""
    items = [
        {
            "name": entry.name, "kind": entry.kind, "model": f"{entry.id}/{entry.card.model}",
            "thumbnail": f"{entry.id}/{entry.thumbnail.name}" if entry.thumbnail else "",
            "licence": entry.licence, "author": entry.card.author, "source": entry.source,
            "card": entry.card.model_dump(mode="json"),
        }
        for entry in catalogue.entries()
    ]  # fmt: skip
    text = json.dumps({"title": catalogue.title, "items": items}, indent=1, ensure_ascii=False)
    write_whole(catalogue.folder / INDEX, (text + "\n").encode())
    return catalogue.folder / INDEX


# -- what a page says ------------------------------------------------------------------------------


def _from_json(text: str, at: str) -> Page:
    try:
        told: Any = json.loads(text)
    except ValueError as error:
        raise StudioError(f"“{at}” is damaged: it is no JSON.", "Ask who serves it.") from error
    items = told.get("items", ()) if isinstance(told, dict) else told
    title = str(told.get("title", "")) if isinstance(told, dict) else ""
    offers: list[Offer] = []
    lost = 0
    for entry in items if isinstance(items, list) else ():
        model = str(entry.get("model", "")) if isinstance(entry, dict) else str(entry)
        if not _is_model(model):
            lost += 1
            continue
        told_of_it: dict[str, Any] = entry if isinstance(entry, dict) else {}
        offers.append(_offer(told_of_it, urljoin(at, model), at))
    notes = (f"{lost} entries have no model that is read here.",) if lost else ()
    return Page(at, title or urlsplit(at).netloc, tuple(offers), notes)


def _offer(told: dict[str, Any], model: str, at: str) -> Offer:
    kind: ItemKind | None = next((k for k in ITEM_KINDS if k == told.get("kind")), None)
    picture = str(told.get("thumbnail") or "")
    try:
        card = ItemCard.model_validate(told["card"]) if "card" in told else None
    except ValidationError:
        card = None
    return Offer(
        str(told.get("name") or _name_of(model)), model, urljoin(at, picture) if picture else "",
        kind, str(told.get("licence") or "unknown"), str(told.get("author") or ""),
        str(told.get("source") or model), card,
    )  # fmt: skip


def _is_model(address: str) -> bool:
    return urlsplit(address).path.lower().endswith(SUFFIXES)


def _name_of(address: str) -> str:
    path = Path(unquote(urlsplit(address).path))
    generic = path.stem.lower() in ("scene", "model", "untitled")
    return words_of(path.parent.name if generic and path.parent.name else path.stem)


class _Links(HTMLParser):
    """The models that a page links to or shows, with the words and the picture of each link."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.found: dict[str, tuple[str, str]] = {}
        self._open: str = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        self._in_title = self._in_title or tag == "title"
        for key in ("href", "src", "data-model", "data-src"):
            if _is_model(told.get(key, "")):
                words = told.get("title") or told.get("alt") or told.get("aria-label") or ""
                old = self.found.get(told[key], ("", ""))
                self.found[told[key]] = (old[0] or words, old[1] or told.get("poster", ""))
                self._open = told[key] if tag == "a" else self._open
        if tag == "img" and self._open and _is_picture(told.get("src", "")):
            words, picture = self.found[self._open]
            self.found[self._open] = (words or told.get("alt", ""), picture or told["src"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag == "a":
            self._open = ""

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if self._in_title:
            self.title += words
        elif self._open and words and not _is_model(words):
            old, picture = self.found[self._open]
            self.found[self._open] = (old or words[:80], picture)


def _is_picture(address: str) -> bool:
    return urlsplit(address).path.lower().endswith(_PICTURES)


def _from_html(text: str, at: str) -> Page:
    links = _Links()
    links.feed(text)
    base = re.search(r"<base\s[^>]*href=[\"']([^\"']+)", text, re.IGNORECASE)
    at = urljoin(at, base.group(1)) if base else at
    offers = tuple(
        _offer({"name": words, "thumbnail": picture}, urljoin(at, model), at)
        for model, (words, picture) in links.found.items()
    )
    return Page(at, links.title or urlsplit(at).netloc, offers)


# -- fetching --------------------------------------------------------------------------------------


def _cached(address: str, most: int, what: str) -> Path:
    """The content of an address as a file of the cache."""
    digest = hashlib.sha256(address.encode()).hexdigest()[:24]
    path = Path(unquote(urlsplit(address).path))
    stem = re.sub(r"[^\w-]+", "_", _name_of(address)).strip("_")[:60] or "file"
    kept = cache_folder("catalogue") / digest / f"{stem}{path.suffix.lower()}"
    if not kept.is_file():
        data, _, _ = fetched(address, most, what)
        write_whole(kept, data)
        _make_room(kept)
    return kept


def _with_parts(path: Path, address: str) -> None:
    """Fetch what a .glTF names beside it; only from the same server, and only into its folder."""
    try:
        told: Any = json.loads(path.read_text("utf-8"))
        named = [entry.get("uri", "") for key in ("buffers", "images") for entry in
                 told.get(key, ())]  # fmt: skip
    except (ValueError, AttributeError) as error:
        raise StudioError(f"“{path.name}” is damaged.", "Ask who serves it.") from error
    left = LARGEST_BYTES
    for uri in named:
        if not uri or uri.startswith("data:"):
            continue
        beside = (path.parent / unquote(uri)).resolve()
        source = urljoin(address, uri)
        if not beside.is_relative_to(path.parent.resolve()) or (
            urlsplit(source).netloc != urlsplit(address).netloc
        ):
            raise StudioError(f"“{path.name}” names files elsewhere.", "Save it as one .glb.")
        if not beside.is_file():
            data, _, _ = fetched(source, left, "A part of the model")
            write_whole(beside, data)
        left = max(left - beside.stat().st_size, 0)


def _make_room(keep: Path) -> None:
    """Throw away the oldest files of the cache until it is small enough."""
    files = [file for file in cache_folder("catalogue").rglob("*") if file.is_file()]
    files.sort(key=lambda file: file.stat().st_mtime)
    total = sum(file.stat().st_size for file in files)
    for file in files:
        if total <= CACHE_BYTES:
            return
        if file.parent != keep.parent:
            total -= file.stat().st_size
            file.unlink(missing_ok=True)
