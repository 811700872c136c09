"""Sources of things: the house's, folders with cards, loose models, pages on a server."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from studio.media.catalogue import catalogue
from studio.media.catalogue.catalogue import Catalogue
from studio.media.catalogue.pages import write_index
from studio.ui.catalogue.goods import Goods
from studio.ui.catalogue.stock import OWN, STARTER, kind_by_name


@pytest.fixture
def goods(studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Goods:
    monkeypatch.setenv("DOPPEL_DATA_DIR", str(tmp_path / "data"))
    return Goods(studio)


def brought(folder: Path, *ids: str) -> Catalogue:
    """A catalogue of some things of the starter one."""
    made = Catalogue(folder, "Shop")
    for id in ids:
        one = catalogue.starter().entry(id)
        made.keep(one.card, one.model, catalogue.load(one))
    return made


def test_the_starter_catalogue_is_there_and_found_by_name(qtbot, goods) -> None:
    goods.read()
    qtbot.waitUntil(lambda: len(goods.wares) >= 11, timeout=20000)
    assert {place.place for place in goods.places} == {STARTER, OWN}
    fedora = goods.entry("fedora")
    assert fedora.kind == "hat"
    assert fedora.thumbnail.is_file()
    assert goods.find("fedora").kind == "hat"
    assert goods.wanted("fedora") == "fedora"
    goods.renew("fedora")
    assert goods.wanted("fedora") == "fedora#1"
    assert goods.find("fedora#1").name == "Fedora"
    goods.choose(OWN)
    assert goods.entries == ()


def test_loose_models_are_looked_through_and_drawn(qtbot, goods, studio, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    glb = next((catalogue.starter().folder / "aviator").glob("*.glb")).read_bytes()
    (folder / "aviator.glb").write_bytes(glb)
    (folder / "torn.glb").write_bytes(glb[: len(glb) // 2])
    goods.add([str(folder)])
    qtbot.waitUntil(lambda: bool(goods.entry(str(folder / "aviator.glb"))), timeout=60000)
    ware = goods.entry(str(folder / "aviator.glb"))
    qtbot.waitUntil(lambda: bool(goods.places[-1].trouble), timeout=60000)
    assert "torn" in goods.places[-1].trouble
    assert ware.kind == "sunglasses"
    assert ware.thumbnail.is_file()
    assert goods.find(ware.id).kind == "sunglasses"
    asked: list[Path] = []
    goods.asked.connect(asked.append)
    goods.add([str(folder / "aviator.glb")])  # a single model is asked about
    assert asked == [folder / "aviator.glb"]
    goods.forget(str(folder))
    assert studio.settings.value.catalogues == ()
    assert goods.entry(ware.id) is None


def test_a_served_page_is_a_source_whose_things_are_fetched_when_wanted(
    qtbot, goods, tmp_path: Path
) -> None:
    shop = brought(tmp_path / "shop", "panto", "cap")
    write_index(shop)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            asked.append(self.path)

    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(shop.folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        goods.add([f"http://127.0.0.1:{server.server_port}/catalogue.json"])
        qtbot.waitUntil(lambda: len(goods.wares) == 2, timeout=20000)
        qtbot.waitUntil(lambda: all(w.thumbnail for w in goods.wares), timeout=20000)
        assert goods.places[-1].title == "Shop"
        assert not any(path.endswith(".glb") for path in asked)
        cap = next(w for w in goods.wares if w.kind == "hat")
        ready: list[bool] = []
        goods.fetch(cap, lambda: ready.append(True))
        qtbot.waitUntil(lambda: bool(ready), timeout=60000)
        assert goods.find(cap.id).kind == "hat"
        assert goods.find(cap.id).fit == "wearer"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_a_source_that_is_gone_says_so(qtbot, goods, tmp_path: Path) -> None:
    goods.add([str(tmp_path / "gone"), "http://127.0.0.1:9/index.json"])
    qtbot.waitUntil(lambda: len([p for p in goods.places if p.trouble]) == 2, timeout=60000)
    told = [place.trouble for place in goods.places if place.trouble]
    assert "is not there" in told[0]
    assert "cannot be fetched" in told[1]
    assert kind_by_name("Blue watch") == "watch"
    assert kind_by_name("Thing 7") == "glasses"
