"""Turning what a program gives as an archive into the bytes of a zip."""

import io
import zipfile
from pathlib import Path, PurePosixPath

from sandbox.provider.resource import ProviderError
from sandbox.provider.values import Asset

# A fixed time, so that the same files always give the same bytes, hence the same digest at AWS.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_bytes(archive: Asset) -> bytes:
    """The bytes of `archive` as a zip: a zip file as it is, a folder or a map of assets packed in a stable order.

    Raises ProviderError for what is not on this machine.
    """
    path = archive.fields.get("path")
    if isinstance(path, str) and Path(path).is_file():
        if zipfile.is_zipfile(path):
            return Path(path).read_bytes()
        raise ProviderError(f"the archive '{path}' is no zip; give a folder or a zip file")
    members = _members(archive)
    if not members:
        raise ProviderError(f"the archive '{path or archive.hash}' holds no file; Lambda needs at least one")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, (content, executable) in sorted(members.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if executable else 0o644) << 16
            package.writestr(entry, content)
    return buffer.getvalue()


def _members(asset: Asset) -> dict[str, tuple[bytes, bool]]:
    assets = asset.fields.get("assets")
    if isinstance(assets, dict):
        return {name: member for prefix, item in assets.items() for name, member in _placed(prefix, item).items()}
    path = asset.fields.get("path")
    if not isinstance(path, str):
        raise ProviderError(f"an archive of this project is a folder, a zip or a map of files, not {asset.fields}")
    folder = Path(path)
    if not folder.is_dir():
        raise ProviderError(f"the archive '{path}' does not exist; build it before `pulumi up`")
    return {
        file.relative_to(folder).as_posix(): (file.read_bytes(), bool(file.stat().st_mode & 0o100))
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _placed(name: str, item: Asset) -> dict[str, tuple[bytes, bool]]:
    if item.archive:
        if isinstance(path := item.fields.get("path"), str) and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as package:
                members = {inner: (package.read(inner), False) for inner in package.namelist() if inner[-1] != "/"}
        else:
            members = _members(item)
        # A path drops the "." under which a program puts what belongs at the root.
        return {(PurePosixPath(name) / inner).as_posix(): member for inner, member in members.items()}
    if "text" in item.fields:
        return {name: (str(item.fields["text"]).encode(), False)}
    path = item.fields.get("path")
    if isinstance(path, str) and Path(path).is_file():
        return {name: (Path(path).read_bytes(), bool(Path(path).stat().st_mode & 0o100))}
    raise ProviderError(f"the file '{path}' for '{name}' of an archive does not exist; build it before `pulumi up`")
