"""A reproducible zip of a function: our sources and the pinned pure-Python distributions that they need."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "lambdas"
BUILD = ROOT / "build"

ROTATION = "rotation"
_ROTATOR = "rotate-"

# What a package needs beside our sources; one that is not here needs nothing. boto3 is not among them: AWS's runtime
# brings it. Versions are those of requirements.txt, where hashes pin them.
DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "rotate-postgres": ("pg8000", "scramp", "asn1crypto", "python-dateutil", "six"),
    "rotate-redis": ("redis",),
}
# Parts of drivers that no rotation imports. A test imports the handler and every target from the zip.
UNUSED: Mapping[str, frozenset[str]] = {
    "rotate-postgres": frozenset(
        {
            "asn1crypto/cms.py",
            "asn1crypto/crl.py",
            "asn1crypto/csr.py",
            "asn1crypto/ocsp.py",
            "asn1crypto/pdf.py",
            "asn1crypto/pkcs12.py",
            "asn1crypto/tsp.py",
            "dateutil/rrule.py",
            "dateutil/tz/win.py",
        }
    ),
}
_CODE = frozenset({".py"})
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip can hold: the same on every machine
_READABLE = 0o100644 << 16


class PackageError(RuntimeError):
    """There is no code for a function, or a distribution of it is not installed or brings compiled code."""


def build(name: str) -> Path:
    """Writes `build/<name>.zip` and returns its path; the bytes depend on the contents of the files alone.

    `rotate-<target>` is the rotation's code for one target; any other name is a folder under `lambdas/`.

    Raises:
        PackageError: there is no such folder, a distribution is missing, or one has a compiled module, which would run
            on one machine only.
    """
    BUILD.mkdir(exist_ok=True)
    path = BUILD / f"{name}.zip"
    beside = path.with_suffix(f".{os.getpid()}.part")  # of this process: two previews may build at once
    # Stored, not deflated: what deflate makes of the same bytes depends on the machine's zlib.
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        for member, source in sorted(_contents(name).items()):
            entry = zipfile.ZipInfo(member, _EPOCH)
            entry.external_attr = _READABLE
            archive.writestr(entry, source)
    beside.replace(path)
    return path


def digest(path: Path) -> str:
    """The SHA-256 of a package."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _contents(name: str) -> dict[str, bytes]:
    ours = {path.relative_to(SOURCES).as_posix(): path.read_bytes() for path in _sources(name)}
    if not ours:
        raise PackageError(f"function '{name}' has no code; write lambdas/{name}/handler.py or name another package")
    theirs = {file: text for dist in DISTRIBUTIONS.get(name, ()) for file, text in _modules(dist)}
    unused = UNUSED.get(name, frozenset())
    return ours | {file: text for file, text in theirs.items() if file not in unused}


def _sources(name: str) -> Iterator[Path]:
    """Our modules; of the rotation's targets those of one alone: a target's modules carry its name."""
    if not name.startswith(_ROTATOR):
        yield from (SOURCES / name).rglob("*.py")
        return
    target = name.removeprefix(_ROTATOR)
    for path in (SOURCES / ROTATION).rglob("*.py"):
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
