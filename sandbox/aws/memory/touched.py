"""Which of moto's backends a piece of work reached, so that only those are written.

moto reaches every backend through `AccountSpecificBackend.__getitem__`: the one place that sees all of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend

from sandbox.aws.errors import SandboxError


@dataclass(frozen=True, order=True)
class BackendKey:
    """The place of one backend: its class, the account and the region ("aws" for the global services)."""

    module: str
    qualname: str
    account: str
    region: str

    @classmethod
    def of(cls, backend: BaseBackend) -> "BackendKey":
        """The key of a live backend."""
        kind = type(backend)
        return cls(kind.__module__, kind.__qualname__, backend.account_id, backend.region_name)


def find_backend(key: BackendKey) -> tuple[BackendDict[Any], BaseBackend]:
    """The live backend of a key, made when missing, and the dictionary that holds it."""
    module = import_module(key.module)
    for value in vars(module).values():
        if isinstance(value, BackendDict) and value.backend.__qualname__ == key.qualname:
            return value, value[key.account][key.region]
    raise SandboxError(
        f"the stored state holds {key.module}.{key.qualname}, which this moto has not; remove the state folder"
    )


class Touched:
    """Records the backends that each thread reaches; work outside a recording goes to `background`."""

    def __init__(self, account: str) -> None:
        """Record nothing before `install`, and then the backends of one account only.

        moto makes backends of its default account to build its URL maps: they hold nothing.
        """
        self._account = account
        self._local = threading.local()
        self._lock = threading.Lock()
        self._background: set[BackendKey] = set()

    def install(self) -> None:
        """Watch moto from now on, for the life of the process."""
        original = AccountSpecificBackend.__getitem__
        touched = self

        def watched(backends: Any, region: str) -> Any:
            backend = original(backends, region)
            touched._note(backend)
            return backend

        AccountSpecificBackend.__getitem__ = watched  # type: ignore[method-assign]

    @contextmanager
    def recording(self) -> Iterator[set[BackendKey]]:
        """Collect what this thread reaches inside the block; an outer recording sees it too."""
        outer: set[BackendKey] | None = getattr(self._local, "keys", None)
        keys: set[BackendKey] = set()
        self._local.keys = keys
        try:
            yield keys
        finally:
            self._local.keys = outer
            if outer is not None:
                outer.update(keys)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Forget what this thread reaches inside the block: it only reads."""
        with self.recording() as keys:
            yield
            keys.clear()

    def take_background(self) -> set[BackendKey]:
        """What threads of moto's own reached since the last time (Step Functions executions, for one)."""
        with self._lock:
            keys, self._background = self._background, set()
        return keys

    def _note(self, backend: BaseBackend) -> None:
        if backend.account_id != self._account:
            return
        keys: set[BackendKey] | None = getattr(self._local, "keys", None)
        if keys is not None:
            keys.add(BackendKey.of(backend))
        else:
            with self._lock:
                self._background.add(BackendKey.of(backend))
