"""A reproducible zip of a rotation function: our sources and the pinned pure-Python distributions that they need."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "lambdas"
BUILD = ROOT / "build"

# boto3 is not among them: AWS's runtime brings it. Versions are those of requirements.txt, where hashes pin them.
DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "postgres": ("pg8000", "scramp", "asn1crypto", "python-dateutil", "six"),
    "redis": ("redis",),
    "keyring": (),
    "assisted": (),
}
_CODE = frozenset({".py"})
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip can hold: the same on every machine
_READABLE = 0o100644 << 16


class PackageError(RuntimeError):
    """A distribution of a function is not installed, or brings compiled code."""


def build(target: str) -> Path:
    """Writes `build/rotate-<target>.zip` and returns its path; the bytes depend on the contents of the files alone.

    Raises:
        PackageError: a distribution is missing, or has a compiled module, which would run on one machine only.
    """
    BUILD.mkdir(exist_ok=True)
    path = BUILD / f"rotate-{target}.zip"
    beside = path.with_suffix(f".{os.getpid()}.part")  # of this process: two previews may build at once
    # Stored, not deflated: what deflate makes of the same bytes depends on the machine's zlib.
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        for name, source in sorted(_contents(target).items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _READABLE
            archive.writestr(entry, source)
    beside.replace(path)
    return path


def _contents(target: str) -> dict[str, bytes]:
    ours = {str(path.relative_to(SOURCES)): path.read_bytes() for path in _sources(target)}
    theirs = {name: text for dist in DISTRIBUTIONS[target] for name, text in _modules(dist)}
    return ours | theirs


def _sources(target: str) -> Iterator[Path]:
    """Our modules, without those of other targets: a target's modules carry its name."""
    for path in (SOURCES / "rotation").rglob("*.py"):
        if path.parent.name != "targets" or path.stem in ("__init__", "target") or path.stem.startswith(target):
            yield path


def _modules(distribution: str) -> Iterator[tuple[str, bytes]]:
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError as exc:
        raise PackageError(f"{distribution} is not installed; run `make setup`") from exc
    for file in files:
        if file.suffix == ".so":
            raise PackageError(f"{distribution} has the compiled module {file}; a Lambda takes pure Python here")
        if ".." in file.parts:  # scripts, outside of the library
            continue
        content = Path(str(file.locate())).read_bytes() if file.suffix in _CODE or file.name == "METADATA" else None
        if content is not None:
            # Some distributions ask for their own version when they are imported: it is in the head of the metadata.
            yield str(file), content.partition(b"\n\n")[0] if file.name == "METADATA" else content
