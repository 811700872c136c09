"""``doppel catalogue list | add | page``."""

from __future__ import annotations

import json as json_format
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import tyro
from rich.console import Console
from rich.table import Table

from studio.core.errors import StudioError
from studio.core.items import ItemKind
from studio.media.catalogue import catalogue, pages
from studio.media.catalogue.catalogue import CatalogueEntry
from studio.media.catalogue.guess import Axis, Guess, Question, Unit, answered, guess

_PIPE_COLUMNS = 160
_SAY: dict[Question, tuple[str, str]] = {
    "kind": ("what it is", f"--kind {'|'.join(get_args(ItemKind))}"),
    "unit": ("its unit", "--unit m|dm|cm|mm|in, or none: as large as such things are"),
    "up": ("which way up it is", "--up and --front, each x, -x, y, -y, z or -z"),
}


def main(
    action: Annotated[Literal["list", "add", "page"], tyro.conf.Positional],
    what: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    kind: ItemKind | None = None,
    unit: Unit | None = None,
    up: Axis | None = None,
    front: Axis | None = None,
    name: str = "",
    licence: str = "unknown",
    author: str = "",
    source: str = "",
    json: bool = False,
) -> None:
    """Things to try on: list them, add a model of your own, fetch from a page that serves them.

    “list” shows what there is. “add FILE” keeps a model (GLB, glTF, OBJ) in your own catalogue; say
    what its file cannot tell. “page URL” shows what a page offers, “page URL NAME …” keeps those.

    Args:
        action: What to do.
        what: For add: the model's file. For page: its address, then names of things to keep.
        kind: For add: what it is. For list and page: show these alone.
        unit: For add: the unit of the file; none: it is made as large as such things are.
        up: For add: the axis of the file that points up.
        front: For add: the axis of the file along which the wearer looks.
        name: For add: what it is to be called.
        licence: For add: on which terms it may be used; without it, what its file says.
        author: For add: who made it; without it, what its file says.
        source: For add: where it comes from; without it, what its file says.
        json: Print one JSON object instead of a table.
    """
    own = (unit, up, front, name or None, author or None, source or None)
    if action != "add" and (any(own) or licence != "unknown"):
        raise StudioError(f"“catalogue {action}” only shows or keeps what is there already.",
                          "Leave out what is for “add”.")  # fmt: skip
    if action == "list" and not what:
        _list(kind, json)
    elif action == "add" and len(what) == 1:
        told = _answered(guess(Path(what[0])), kind, unit, up, front)
        entry = catalogue.own().bring_in(told, name, licence, author, source)
        _kept([entry], json, told.size_m)
    elif action == "page" and what:
        _page(what[0], what[1:], kind, json)
    else:
        say = {"list": "nothing behind it", "add": "one model's file", "page": "an address"}[action]
        raise StudioError(f"“catalogue {action}” wants {say}.", "See: doppel catalogue --help")


def _answered(
    told: Guess, kind: ItemKind | None, unit: Unit | None, up: Axis | None, front: Axis | None
) -> Guess:
    """What a file tells with what is said of it. Raises StudioError if something is still open."""
    if kind or unit:
        told = answered(told, kind, unit)
    if up or front:
        told = answered(told, kind, unit, (up or told.up.value, front or told.front.value))
    if told.questions:
        words = " and ".join(_SAY[one][0] for one in told.questions)
        why = {"kind": told.kind.why, "unit": told.unit.why, "up": told.up.why}
        whys = " ".join(dict.fromkeys(why[one] for one in told.questions))
        raise StudioError(
            f"“{told.path.name}” does not tell {words}: {whys}",
            " ".join(f"Say {_SAY[one][1]}." for one in told.questions),
        )
    return told


def _list(kind: ItemKind | None, json: bool) -> None:
    shelves = (catalogue.starter(), catalogue.own())
    found = [
        (shelf.title, entry)
        for shelf in shelves
        for entry in shelf.entries()
        if kind in (None, entry.kind)
    ]
    trouble = [f"{e.message} {e.hint}" for shelf in shelves for e in shelf.trouble.values()]
    if json:
        items = [{**_told(entry), "catalogue": title} for title, entry in found]
        _print({"items": items, "trouble": trouble})
        return
    rows = [
        (entry.id, entry.name, entry.kind, title, entry.licence, entry.card.author)
        for title, entry in found
    ]
    _table(("Id", "Name", "Kind", "Catalogue", "Licence", "By"), rows)
    for said in trouble:
        print(f"doppel: {said}", file=sys.stderr)


def _page(address: str, names: tuple[str, ...], kind: ItemKind | None, json: bool) -> None:
    page = pages.read_page(address)
    if names:
        offers = {offer.name.casefold(): offer for offer in page.offers}
        if lacking := [name for name in names if name.casefold() not in offers]:
            raise StudioError(
                f"“{page.title}” offers nothing called “{lacking[0]}”.",
                f"“doppel catalogue page {address}” shows what it offers.",
            )
        kept = [pages.bring_in(catalogue.own(), offers[name.casefold()]) for name in names]
        _kept(kept, json)
        return
    shown = [offer for offer in page.offers if kind in (None, offer.kind)]
    if json:
        keys = ("name", "kind", "model", "licence", "author", "source")
        items = [{key: getattr(offer, key) for key in keys} for offer in shown]
        _print({"title": page.title, "items": items, "notes": list(page.notes)})
        return
    rows = [(o.name, o.kind or "not told", o.licence, o.author, o.model) for o in shown]
    _table(("Name", "Kind", "Licence", "By", "Model"), rows)
    for note in page.notes:
        print(note)


def _kept(
    entries: list[CatalogueEntry], json: bool, size_m: tuple[float, float, float] | None = None
) -> None:
    if json:
        _print({"kept": [_told(entry) for entry in entries]})
        return
    for entry in entries:
        print(f"“{entry.name}” ({entry.kind}) is kept as {entry.id}: {entry.folder}")
        for note in entry.notes:
            print(f"  {note}")
    if size_m is not None:
        wide, deep, high = (1000 * side for side in size_m)
        print(f"  {wide:.0f} mm wide, {high:.0f} high, {deep:.0f} deep")


def _told(entry: CatalogueEntry) -> dict[str, Any]:
    card = entry.card
    return {
        "id": entry.id, "name": card.name, "kind": card.kind, "fit": card.fit,
        "licence": card.licence, "author": card.author, "source": card.source,
        "notes": list(card.notes), "model": str(entry.model),
    }  # fmt: skip


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """On a terminal the last column wraps under itself; in a pipe each thing keeps its line."""
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, no_wrap=head != heads[-1])
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_COLUMNS)
    console.print(table, markup=False, highlight=False)


def _print(told: dict[str, Any]) -> None:
    print(json_format.dumps(told, ensure_ascii=False))
