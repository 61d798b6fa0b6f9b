"""One backend as bytes, and back.

References to other backends are stored as keys, bytes and text above 32 KiB (deployed zips, S3 objects) by hash, and
the events of a log
stream apart, so that appending one does not rewrite the others. Locks are made anew; keys of `cryptography` go as PKCS
8. The state folder has mode 0700: whoever can write pickles into it already runs as its owner.
"""

import copyreg
import hashlib
import io
import marshal
import pickle
import threading
import types
import weakref
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any

from cryptography.hazmat.primitives import serialization
from moto.core.base_backend import BaseBackend
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, iam_backends
from moto.logs.models import LogEvent, LogStream

from sandbox.aws.memory.touched import BackendKey, find_backend

LARGE = 32 * 1024
EventRow = tuple[int, int, str, int]  # ingestion time, timestamp, message, id

_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())
_STREAM_KEY = "_sandbox_key"
_loading = threading.local()


def attributes_of(backend: BaseBackend) -> dict[str, Any]:
    """What of a backend is stored: all attributes, but not the 1,200 policies that AWS manages and moto ships."""
    if not isinstance(backend, IAMBackend):
        return backend.__dict__
    own = {arn: policy for arn, policy in backend.managed_policies.items() if type(policy) is not AWSManagedPolicy}
    kept = {name: value for name, value in backend.__dict__.items() if name != "aws_managed_policies"}
    return {**kept, "managed_policies": own}


def set_attributes(backend: BaseBackend, attributes: dict[str, Any]) -> None:
    """Give a live backend the stored attributes."""
    if isinstance(backend, IAMBackend):
        shipped = {policy.arn: policy for policy in backend.aws_managed_policies}
        attributes["managed_policies"] = {**shipped, **attributes["managed_policies"]}
        attributes["aws_managed_policies"] = backend.aws_managed_policies
    backend.__dict__.clear()
    backend.__dict__.update(attributes)


class BackendPickler(pickle.Pickler):
    """Pickles one backend's attributes; `large` and `streams` collect what is stored apart."""

    def __init__(self, stream: io.BytesIO, name_stream: Callable[[], str]) -> None:
        super().__init__(stream, protocol=5)
        self.large: dict[str, bytes] = {}
        self.streams: dict[str, list[LogEvent]] = {}
        self._name_stream = name_stream

    def persistent_id(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is bytes or kind is str:
            if len(obj) <= LARGE:
                return None
            data = obj if kind is bytes else obj.encode("utf-8", "surrogatepass")
            digest = hashlib.sha256(data).hexdigest()
            self.large[digest] = data
            return (kind.__name__, digest)
        if isinstance(obj, BaseBackend):
            key = BackendKey.of(obj)
            return ("backend", key.module, key.qualname, key.account, key.region)
        return None

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is LogStream:
            key = obj.__dict__.setdefault(_STREAM_KEY, self._name_stream())
            self.streams[key] = obj.events
            state = {name: value for name, value in obj.__dict__.items() if name != "events"}
            return _stream, (key,), state
        if isinstance(obj, defaultdict) and kind is not defaultdict:
            return _default_dict, (kind, obj.default_factory), dict(obj.__dict__), None, iter(obj.items())
        if kind is AWSManagedPolicy:
            return _managed_policy, (obj.account_id, obj.arn, obj.attachment_count)
        if kind is _LOCK:
            return threading.Lock, ()
        if kind is _RLOCK:
            return threading.RLock, ()
        if kind is weakref.WeakValueDictionary:
            return _weak_values, (dict(obj.items()),)
        if isinstance(obj, threading.Thread):
            return types.NoneType, ()
        if kind is types.FunctionType and "<" in obj.__qualname__:
            return _function_parts(obj)
        if kind.__module__.startswith("cryptography.") and hasattr(obj, "private_bytes"):
            return _private_key, (_der(obj),)
        return NotImplemented


class BackendUnpickler(pickle.Unpickler):
    """Reads what BackendPickler wrote; `large` and `events` fetch what is stored apart."""

    def __init__(self, data: bytes, *, large: Callable[[str], bytes], events: Callable[[str], list[EventRow]]) -> None:
        super().__init__(io.BytesIO(data))
        self._large = large
        self._events = events

    def persistent_load(self, pid: Any) -> Any:
        if pid[0] in {"bytes", "str"}:
            data = self._large(pid[1])
            return data if pid[0] == "bytes" else data.decode("utf-8", "surrogatepass")
        return find_backend(BackendKey(*pid[1:]))[1]

    def load(self) -> Any:
        _loading.events = self._events
        try:
            return super().load()
        finally:
            del _loading.events


def event_row(event: LogEvent) -> EventRow:
    """A log event as plain values."""
    return event.ingestion_time, event.timestamp, event.message, event.event_id


def _stream(key: str) -> LogStream:
    stream = object.__new__(LogStream)
    stream.events = [_event(row) for row in _loading.events(key)]
    return stream


def _event(row: EventRow) -> LogEvent:
    event = object.__new__(LogEvent)
    event.ingestion_time, event.timestamp, event.message, event.event_id = row
    LogEvent._event_id = max(LogEvent._event_id, event.event_id + 1)
    return event


def _managed_policy(account: str, arn: str, attachment_count: int) -> ManagedPolicy:
    policies = iam_backends[account]["aws"].aws_managed_policies
    policy = next(policy for policy in policies if policy.arn == arn)
    policy.attachment_count = attachment_count
    return policy


def _default_dict(kind: type[Any], factory: Any) -> Any:
    made: Any = defaultdict.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _weak_values(items: dict[Any, Any]) -> "weakref.WeakValueDictionary[Any, Any]":
    return weakref.WeakValueDictionary(items)


def _function_parts(function: types.FunctionType) -> Any:
    closure = tuple(cell.cell_contents for cell in function.__closure__ or ())
    code = marshal.dumps(function.__code__)
    return _function, (code, function.__module__, function.__name__, function.__defaults__, closure)


def _function(code: bytes, module: str, name: str, defaults: Any, closure: tuple[Any, ...]) -> types.FunctionType:
    cells = tuple(types.CellType(value) for value in closure)
    return types.FunctionType(marshal.loads(code), vars(import_module(module)), name, defaults, cells)  # noqa: S302


def _der(key: Any) -> bytes:
    encoded: bytes = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded


def _private_key(data: bytes) -> Any:
    return serialization.load_der_private_key(data, password=None)


copyreg.pickle(types.MappingProxyType, lambda proxy: (types.MappingProxyType, (dict(proxy),)))
