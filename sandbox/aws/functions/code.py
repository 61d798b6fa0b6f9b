"""Deployed zips, unpacked once by content under the state folder."""

import hashlib
import io
import shutil
import tempfile
import zipfile
from pathlib import Path

from sandbox.aws.errors import AwsError

_EXECUTABLE = 0o111


class CodeFolder:
    """The unpacked zips: one read-only folder for each content."""

    def __init__(self, root: Path) -> None:
        """Keep folders under `root`."""
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def unpack(self, code: bytes) -> Path:
        """The folder holding the zip's files, used as LAMBDA_TASK_ROOT."""
        folder = self._root / hashlib.sha256(code).hexdigest()[:32]
        if folder.exists():
            return folder
        fresh = Path(
            tempfile.mkdtemp(prefix=f"{folder.name}.", dir=self._root)
        )  # of this call: others may unpack it too
        try:
            with zipfile.ZipFile(io.BytesIO(code)) as archive:
                archive.extractall(fresh)
                _restore_modes(archive, fresh)
        except zipfile.BadZipFile as exc:
            shutil.rmtree(fresh, ignore_errors=True)
            raise AwsError(
                "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file."
            ) from exc
        try:
            fresh.rename(folder)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)  # another thread was first
        return folder


def _restore_modes(archive: zipfile.ZipFile, folder: Path) -> None:
    for entry in archive.infolist():
        mode = entry.external_attr >> 16
        target = folder / entry.filename
        if target.is_file():
            target.chmod(0o555 if mode & _EXECUTABLE else 0o444)
