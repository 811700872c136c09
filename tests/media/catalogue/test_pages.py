"""Catalogues are read from a web server, and what it offers is kept as it was made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import StudioError
from studio.media.catalogue import pages
from studio.media.catalogue.catalogue import Catalogue, load, starter


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the starter catalogue is served."""
    monkeypatch.setattr(pages, "cache_folder", lambda name: tmp_path / "cache" / name)
    handler = partial(_Quiet, directory=str(starter().folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_starter_catalogue_is_free_small_and_whole() -> None:
    catalogue = starter()
    entries = catalogue.entries()
    assert entries
    assert catalogue.trouble == {}
    assert {entry.licence for entry in entries} == {"CC0-1.0"}
    assert sum(f.stat().st_size for f in catalogue.folder.rglob("*") if f.is_file()) < 6_000_000
    for entry in entries:
        assert entry.thumbnail is not None
        item = load(entry)
        assert item.kind == entry.kind
        sides = [
            np.concatenate([
                p.mesh.vertices_m[p.joints[:, 0] == k] for p in item.character.parts
            ])
            for k in range(len(item.character.armature.names))
        ]  # fmt: skip
        for other in sides[1:]:  # what is worn right mirrors what is worn left
            assert other.min(0)[1:] == pytest.approx(sides[0].min(0)[1:])
            assert other[:, 0].max() == pytest.approx(-sides[0][:, 0].min())


def test_a_served_index_offers_its_things_and_one_is_kept(address: str, tmp_path: Path) -> None:
    page = pages.read_page(f"{address}/{pages.INDEX}")
    assert [offer.name for offer in page.offers] == [e.name for e in starter().entries()]
    offer = next(offer for offer in page.offers if offer.name == "Aviator")
    picture = pages.thumbnail_of(offer)
    assert picture is not None
    assert picture.read_bytes() == (starter().folder / "aviator" / "thumbnail.jpg").read_bytes()
    entry = pages.bring_in(Catalogue(tmp_path / "mine"), offer)
    made = load(starter().entry("aviator")).character.parts[0].mesh.vertices_m
    assert load(entry).character.parts[0].mesh.vertices_m == pytest.approx(np.asarray(made))
    assert (entry.licence, entry.kind) == ("CC0-1.0", "sunglasses")


def test_a_folder_as_a_page_of_links_offers_its_models(address: str) -> None:
    page = pages.read_page(f"{address}/aviator/")
    (offer,) = page.offers
    assert offer.model.endswith("/aviator/model.glb")
    assert pages.model_of(offer).stat().st_size > 1000


def test_trouble_with_a_page_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StudioError, match="cannot be fetched"):
        pages.read_page(f"{address}/nowhere.html")
    with pytest.raises(StudioError, match="no address"):
        pages.read_page("file:///etc/hostname")
    monkeypatch.setattr(pages, "PAGE_BYTES", 100)
    with pytest.raises(StudioError, match="larger than"):
        pages.read_page(f"{address}/{pages.INDEX}")
