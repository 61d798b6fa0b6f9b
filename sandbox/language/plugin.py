"""A Pulumi plugin's process: it serves gRPC on a free port, prints the port, and ends when its engine does.

Methods that are not given answer UNIMPLEMENTED, which the engine takes as "an older plugin".
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc

# The engine's own limit (sdk/go/common/util/rpcutil): a deployment package travels in one message.
_MAX_MESSAGE = 400 * 1024 * 1024
# How long a plugin may outlive an engine that was killed, in seconds.
_WATCH = 2.0


@dataclass(frozen=True, kw_only=True)
class Method:
    """One remote procedure: what runs, the protobuf type that it takes, and whether it answers by a stream."""

    run: Callable[[Any, grpc.ServicerContext], Any]
    request: Any
    streams: bool = False


def handlers(service: str, methods: Mapping[str, Method]) -> grpc.GenericRpcHandler:
    """`methods` as gRPC serves them under the full name `service`."""
    table = {}
    for name, method in methods.items():
        make: Any = grpc.unary_stream_rpc_method_handler if method.streams else grpc.unary_unary_rpc_method_handler
        table[name] = make(
            method.run,
            request_deserializer=method.request.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
    return grpc.method_handlers_generic_handler(service, table)


def serve(service: str, methods: Mapping[str, Method], *, workers: int, at_end: Callable[[], None]) -> None:
    """Serve until SIGINT, SIGTERM or the engine's death; then call `at_end`. Says nothing but its port."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    limits = [("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=workers), options=limits)
    server.add_generic_rpc_handlers((handlers(service, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - the protocol between engine and plugin
    parent = os.getppid()
    while not stop.wait(_WATCH) and os.getppid() == parent:
        pass
    at_end()
    server.stop(grace=0.2).wait()
    # Threads of a call that was cut off would keep the interpreter alive; nothing is left to be written.
    os._exit(0)
