"""A private folder on disk: 700, files 600, each file whole or not there at all, also after a kill."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

FOLDER_MODE = 0o700
FILE_MODE = 0o600
LEFTOVER_PREFIX, LEFTOVER_SUFFIX = ".secretsctl-", ".tmp"
"""Marks a file that is being written; one that is found with nobody writing is what a killed run left."""


class FolderError(OSError):
    """The folder is not private, or a file in it cannot be read or written; the text says what to do, never a value."""


class PrivateFolder:
    """Holds a folder open, and locked against another writer, while files are written in it.

    Everything goes through the folder's descriptor, so that a folder swapped for a symbolic link in between changes
    nothing. Missing folders are made; an existing one must be ours and closed to everybody else, and is never changed:
    a chmod of, say, /etc would be worse than a refusal. With `others_may_read` it must only be closed to their writing.
    """

    def __init__(self, path: Path, *, others_may_read: bool = False) -> None:
        self.path = path
        self._forbidden = stat.S_IWGRP | stat.S_IWOTH if others_may_read else stat.S_IRWXG | stat.S_IRWXO
        self._descriptor = -1

    def __enter__(self) -> PrivateFolder:
        self._descriptor = _opened(self.path)
        try:
            _require_ours(self.path, os.fstat(self._descriptor), others=self._forbidden)
            self._lock()
            self._remove_leftovers()
        except BaseException:
            os.close(self._descriptor)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)  # and with it the lock

    def write(self, name: str, content: str) -> None:
        """Put `content` into the file `name`: beside it first, on disk before the name points to it."""
        beside = f"{LEFTOVER_PREFIX}{secrets.token_hex(8)}{LEFTOVER_SUFFIX}"
        with self._told(name, "written"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(beside, flags, FILE_MODE, dir_fd=self._descriptor)
            try:
                try:
                    os.fchmod(descriptor, FILE_MODE)  # a umask may have taken away more
                    _write_all(descriptor, content.encode("utf-8"))
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                os.rename(beside, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(beside, dir_fd=self._descriptor)
                raise
            os.fsync(self._descriptor)

    def read(self, name: str) -> str | None:
        """The content of the file `name`; None when there is none."""
        with self._told(name, "read"):
            try:
                descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._descriptor)
            except FileNotFoundError:
                return None
            with os.fdopen(descriptor, encoding="utf-8") as file:
                return file.read()

    def names(self) -> tuple[str, ...]:
        """The names of the files in the folder, sorted."""
        return tuple(sorted(os.listdir(self._descriptor)))  # noqa: PTH208 - pathlib has no descriptors

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise FolderError(f"folder {self.path}: another run is writing into it; wait until it has ended") from exc

    def _remove_leftovers(self) -> None:
        for name in self.names():
            if name.startswith(LEFTOVER_PREFIX) and name.endswith(LEFTOVER_SUFFIX):
                os.unlink(name, dir_fd=self._descriptor)
        os.fsync(self._descriptor)

    @contextlib.contextmanager
    def _told(self, name: str, action: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise FolderError(
                f"file {self.path / name}: cannot be {action}: {exc.strerror}; what it held before is untouched"
            ) from exc


def _opened(path: Path) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                path.mkdir(mode=FOLDER_MODE)
            return os.open(path, flags)
    except OSError as exc:
        # Linux answers ENOTDIR, others ELOOP, when O_DIRECTORY and O_NOFOLLOW meet a symbolic link.
        if exc.errno in (errno.ENOTDIR, errno.ELOOP) and path.is_symlink():
            raise FolderError(f"folder {path}: is a symbolic link; name the folder that it points to") from exc
        raise FolderError(f"folder {path}: cannot be opened: {exc.strerror}; name another folder") from exc


def _require_ours(path: Path, status: os.stat_result, *, others: int) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        raise FolderError(f"folder {path}: belongs to user {status.st_uid}, not to you; name a folder of your own")
    if mode & others:
        raise FolderError(
            f"folder {path}: mode {mode:o} lets others in; run `chmod 700 {path}` or name a folder that does not exist"
        )


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
