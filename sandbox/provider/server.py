"""The ResourceProvider service: the engine's questions, answered from the table.

Protocol: proto/pulumi/provider.proto of github.com/pulumi/pulumi.
"""

import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, status_pb2

from sandbox.language.plugin import Method
from sandbox.provider import faults, lifecycle
from sandbox.provider.check import check
from sandbox.provider.connection import Connection, structured, unknown_keys
from sandbox.provider.difference import Change, changes, delete_first
from sandbox.provider.functions import FUNCTIONS
from sandbox.provider.registry import resource_type
from sandbox.provider.resource import ProviderError, ResourceType
from sandbox.provider.values import Bag, Props, decode, encode

SERVICE = "pulumirpc.ResourceProvider"
# The engine works on up to four resources a core at once, and each waits for AWS most of its time.
WORKERS = 32
_KINDS = provider_pb2.PropertyDiff.Kind
_Handler = Callable[["AwsProvider", Any, grpc.ServicerContext], Any]


def _answering(handler: _Handler) -> _Handler:
    """Turn what goes wrong into one line for the engine."""

    @wraps(handler)
    def answer(self: "AwsProvider", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return handler(self, request, context)
        except lifecycle.PartlyCreatedError as exc:
            detail = provider_pb2.ErrorResourceInitFailed(
                id=exc.physical_id, properties=encode(exc.outputs), inputs=request.properties, reasons=[str(exc)]
            )
            packed = AnyMessage()
            packed.Pack(detail)
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(exc), details=[packed])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, str(exc))
        except ProviderError as exc:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(exc))
        except Exception as exc:  # noqa: BLE001 - the engine shows what it is told; a traceback would tell nobody anything
            context.abort(grpc.StatusCode.UNKNOWN, faults.sentence(exc, secret=True))

    return answer


@dataclass(kw_only=True)
class AwsProvider:
    """One provider of one engine; `Configure` gives it its connection."""

    connection: Connection | None = None

    def methods(self) -> Mapping[str, Method]:
        """The procedures by name; what is missing here answers UNIMPLEMENTED."""
        requests: dict[str, tuple[Any, Any]] = {
            "Handshake": (self.handshake, provider_pb2.ProviderHandshakeRequest),
            "GetPluginInfo": (self.plugin_info, Empty),
            "GetSchema": (self.schema, provider_pb2.GetSchemaRequest),
            "CheckConfig": (self.check_config, provider_pb2.CheckRequest),
            "DiffConfig": (self.diff_config, provider_pb2.DiffRequest),
            "Configure": (self.configure, provider_pb2.ConfigureRequest),
            "Invoke": (self.invoke, provider_pb2.InvokeRequest),
            "Check": (self.check, provider_pb2.CheckRequest),
            "Diff": (self.diff, provider_pb2.DiffRequest),
            "Create": (self.create, provider_pb2.CreateRequest),
            "Read": (self.read, provider_pb2.ReadRequest),
            "Update": (self.update, provider_pb2.UpdateRequest),
            "Delete": (self.delete, provider_pb2.DeleteRequest),
            "Cancel": (self.cancel, Empty),
        }
        return {name: Method(run=run, request=request) for name, (run, request) in requests.items()}

    def handshake(self, _request: Any, _context: grpc.ServicerContext) -> provider_pb2.ProviderHandshakeResponse:
        """Secrets come as secrets and go back as secrets."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def plugin_info(self, _request: Any, _context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version of the SDK that this provider stands in for."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi_aws"))

    def schema(self, _request: Any, _context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:
        """No schema: the table is not one."""
        return provider_pb2.GetSchemaResponse(schema="{}")

    @_answering
    def check_config(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Refuse configuration that would be ignored."""
        bag = decode(request.news)
        failures = [
            provider_pb2.CheckFailure(property=key, reason=f"the sandbox's AWS provider does not know aws:{key}")
            for key in unknown_keys(structured(bag.values))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @_answering
    def diff_config(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Another region or account is another provider; its resources are replaced, as with the real one."""
        old, new = decode(request.olds).values, decode(request.news).values
        differing = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
        replaces = [name for name in differing if name == "region"]
        some = provider_pb2.DiffResponse.DIFF_SOME if differing else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=differing, replaces=replaces)

    @_answering
    def configure(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:
        """Connect, and refuse an account that the configuration does not allow."""
        self.connection = Connection.configured(structured(decode(request.args).values))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_answering
    def invoke(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Call a function."""
        if request.tok not in FUNCTIONS:
            raise ProviderError(
                f"the sandbox's AWS provider does not know the function '{request.tok}'; add it to functions.py"
            )
        arguments = decode(request.args).values
        region = self._connected.in_region(arguments.get("region"))
        return _returning(FUNCTIONS[request.tok](region, arguments))

    @_answering
    def check(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Inputs, checked and completed."""
        kind, new = self._kind(request), decode(request.news)
        checked = check(
            kind,
            logical=request.name or request.urn.rsplit("::", 1)[1],
            old=decode(request.olds).values,
            new=new.values,
            default_tags=self.connection.default_tags if self.connection else {},
            seed=request.randomSeed,
        )
        return provider_pb2.CheckResponse(
            inputs=encode(checked.inputs, new.secrets),
            failures=[provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in checked.failures],
        )

    @_answering
    def diff(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """What differs between the old and the new inputs."""
        kind = self._kind(request)
        old, new = decode(request.old_inputs).values, decode(request.news).values
        found = changes(kind, old, new)
        replaces = sorted({change.name for change in found if change.replaces})
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({change.name for change in found}),
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and delete_first(kind, old, new),
            detailedDiff={change.path: _detail(change) for change in found},
            hasDetailedDiff=True,
        )

    @_answering
    def create(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Create, or say what would be."""
        kind, new = self._kind(request), decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=_outputs(kind, lifecycle.preview_create(kind, new.values), new)
            )
        created = lifecycle.create(kind, self._connected, new.values)
        return provider_pb2.CreateResponse(id=created.id, properties=_outputs(kind, created.outputs, new))

    @_answering
    def read(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """The resource as it is; an empty answer when it is gone."""
        kind, inputs, state = self._kind(request), decode(request.inputs), decode(request.properties)
        found = lifecycle.read(kind, self._connected, request.id, inputs.values, state.values)
        if found is None:
            return provider_pb2.ReadResponse()
        marks = Bag(values={}, secrets=inputs.secrets | state.secrets)
        return provider_pb2.ReadResponse(
            id=found.id,
            inputs=encode(found.inputs, marks.secrets | kind.secrets),
            properties=_outputs(kind, found.outputs, marks),
        )

    @_answering
    def update(self, request: Any, _context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Change in place, or say what would be."""
        kind, new, state = self._kind(request), decode(request.news), decode(request.olds).values
        if request.preview:
            outputs = lifecycle.preview_update(kind, new.values, state)
        else:
            outputs = lifecycle.update(
                kind,
                self._connected,
                request.id,
                new=new.values,
                old=decode(request.old_inputs).values,
                state=state,
            )
        return provider_pb2.UpdateResponse(properties=_outputs(kind, outputs, new))

    @_answering
    def delete(self, request: Any, _context: grpc.ServicerContext) -> Empty:
        """Delete."""
        lifecycle.delete(
            self._kind(request),
            self._connected,
            request.id,
            old=decode(request.old_inputs).values,
            state=decode(request.properties).values,
        )
        return Empty()

    def cancel(self, _request: Any, _context: grpc.ServicerContext) -> Empty:
        """The engine is about to end; no call here lasts long enough to be cut short."""
        return Empty()

    @property
    def _connected(self) -> Connection:
        if self.connection is None:
            raise ProviderError("the engine asked for a resource before it configured the provider")
        return self.connection

    def _kind(self, request: Any) -> ResourceType:
        return resource_type(request.type or request.urn.split("::")[2].rsplit("$", 1)[-1])


def _outputs(kind: ResourceType, outputs: Props, marks: Bag) -> Any:
    return encode(outputs, marks.secrets | kind.secrets)


def _returning(answer: Props) -> provider_pb2.InvokeResponse:
    response = provider_pb2.InvokeResponse()
    # The field is called `return`, a word that Python keeps for itself.
    getattr(response, "return").CopyFrom(encode(answer))
    return response


def _detail(change: Change) -> provider_pb2.PropertyDiff:
    name = "UPDATE" if change.before and change.after else "ADD" if change.after else "DELETE"
    kind = _KINDS.Value(f"{name}_REPLACE" if change.replaces else name)
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
