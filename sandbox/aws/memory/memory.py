"""moto's memory with a disk behind it: changes are serialised, and written before they are answered."""

import hashlib
import io
import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sandbox.aws.errors import SandboxError
from sandbox.aws.memory.pickles import BackendPickler, BackendUnpickler, attributes_of, event_row, set_attributes
from sandbox.aws.memory.tables import Tables
from sandbox.aws.memory.touched import BackendKey, Touched, find_backend

_log = logging.getLogger(__name__)
_SWEEP_SECONDS = 1.0
_ATTEMPTS = 5


class Memory:
    """All of moto's backends, durable.

    A backend that cannot be pickled is named in `undurable` and in the log; its requests are answered all the same.
    Step Functions executions change state in threads of their own: what those do is written within a second.
    """

    def __init__(self, state: Path, *, account: str) -> None:
        """Watch moto's backends of one account and restore what the state folder holds."""
        self._lock = threading.RLock()
        self._touched = Touched(account)
        self._touched.install()
        self._tables = Tables(state / "moto.sqlite")
        self._written: dict[BackendKey, bytes] = {}
        self._large: dict[BackendKey, set[str]] = {}
        self._events: dict[BackendKey, dict[str, int]] = {}
        self._depth = 0
        self._changed: set[BackendKey] = set()
        self.undurable: set[str] = set()
        self._restore()
        self._stopped = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name="moto-sweep", daemon=True)
        self._sweeper.start()

    @contextmanager
    def change(self, *, only_reads: frozenset[str] = frozenset()) -> Iterator[None]:
        """Work that may change moto's state: alone, and on disk when the (outermost) block ends.

        `only_reads` names modules of backends that the work reaches and does not change.
        """
        with self._lock, self._touched.recording() as keys:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                self._changed |= {key for key in keys if key.module not in only_reads}
                if self._depth == 0:
                    changed, self._changed = self._changed, set()
                    self._write(changed)

    @contextmanager
    def read(self) -> Iterator[None]:
        """Work that only reads."""
        with self._touched.reading():
            yield

    def work(self, *, changes: bool, only_reads: frozenset[str] = frozenset()) -> AbstractContextManager[None]:
        """`change` or `read`, as the work needs it."""
        return self.change(only_reads=only_reads) if changes else self.read()

    def close(self) -> None:
        """Write what is left and close."""
        self._stopped.set()
        with self._lock:
            self._write(self._touched.take_background())
            self._tables.close()

    def _restore(self) -> None:
        for key, state in self._tables.backends():
            holder, backend = find_backend(key)
            unpickler = BackendUnpickler(state, large=self._tables.large, events=self._tables.events)
            try:
                attributes: dict[str, Any] = unpickler.load()
            except Exception as exc:
                raise SandboxError(
                    f"the stored state of {key.module} cannot be read ({type(exc).__name__}); remove the state folder"
                ) from exc
            set_attributes(backend, attributes)
            self._large[key] = self._tables.large_used_by(key)
            self._note_streams(key, backend)
            accounts = getattr(holder, "bucket_accounts", None)
            if accounts is not None:
                # S3 keeps beside its backends which account holds a bucket.
                accounts.update(dict.fromkeys(attributes.get("buckets", {}), (backend.partition, key.account)))
        self._touched.take_background()

    def _note_streams(self, key: BackendKey, backend: Any) -> None:
        pickler = BackendPickler(io.BytesIO(), lambda: uuid.uuid4().hex)
        pickler.dump(attributes_of(backend))
        self._events[key] = {stream: len(events) for stream, events in pickler.streams.items()}

    def _write(self, keys: set[BackendKey]) -> None:
        pending = [(key, *pickled) for key in sorted(keys) if (pickled := self._pickled(key)) is not None]
        if not pending:
            return
        self._tables.begin()
        try:
            for key, state, pickler in pending:
                self._tables.put_backend(key, state)
                self._write_apart(key, pickler)
        except BaseException:
            self._tables.rollback()
            raise
        self._tables.commit()
        for key, state, pickler in pending:
            self._written[key] = hashlib.sha256(state).digest()
            self._large[key] = set(pickler.large)
            self._events[key] = {stream: len(events) for stream, events in pickler.streams.items()}

    def _write_apart(self, key: BackendKey, pickler: BackendPickler) -> None:
        known = self._large.get(key, set())
        fresh = {digest: data for digest, data in pickler.large.items() if digest not in known}
        self._tables.put_large(key, fresh, dropped=known - set(pickler.large))
        counts = self._events.get(key, {})
        for stream, events in pickler.streams.items():
            have = counts.get(stream, 0)
            first = have if have <= len(events) else 0
            if len(events) != have:
                self._tables.put_events(stream, first, [event_row(event) for event in events[first:]])
        for stream in counts.keys() - pickler.streams.keys():
            self._tables.drop_events(stream)

    def _pickled(self, key: BackendKey) -> tuple[bytes, BackendPickler] | None:
        with self._touched.reading():
            _, backend = find_backend(key)
        for attempt in range(_ATTEMPTS):
            stream = io.BytesIO()
            pickler = BackendPickler(stream, lambda: uuid.uuid4().hex)
            try:
                pickler.dump(attributes_of(backend))
                if key not in self._written:
                    # Once a process: what is written must be readable, or the next start would fail.
                    BackendUnpickler(stream.getvalue(), large=pickler.large.__getitem__, events=lambda _name: []).load()
            except Exception as exc:  # noqa: BLE001 - whatever moto holds: the request is answered all the same
                # moto's own threads do not know our lock: a dictionary that changed meanwhile is read again.
                if attempt + 1 < _ATTEMPTS and isinstance(exc, RuntimeError):
                    continue
                if key.module not in self.undurable:
                    self.undurable.add(key.module)
                    _log.exception("%s is kept in memory only: it cannot be written", key.module)
                return None
            state = stream.getvalue()
            same = self._written.get(key) == hashlib.sha256(state).digest()
            counts = {name: len(events) for name, events in pickler.streams.items()}
            if same and counts == self._events.get(key, {}):
                return None
            return state, pickler
        return None

    def _sweep(self) -> None:
        while not self._stopped.wait(_SWEEP_SECONDS):
            keys = self._touched.take_background()
            if keys:
                with self._lock:
                    self._write(keys)
