"""The provider's procedures, called in the order in which the engine calls them."""

import uuid
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2

from sandbox.provider.server import AwsProvider
from sandbox.provider.values import decode, encode


class RefusedError(Exception):
    """What the engine would show."""


class Context:
    """The part of a gRPC context that the provider uses."""

    def __init__(self) -> None:
        self.metadata: tuple[Any, ...] = ()

    def abort(self, _code: grpc.StatusCode, details: str) -> NoReturn:
        raise RefusedError(details)

    def set_trailing_metadata(self, metadata: tuple[Any, ...]) -> None:
        self.metadata = metadata


@dataclass(kw_only=True)
class Deployed:
    """A resource as the engine's state would hold it."""

    type_name: str
    id: str
    inputs: Any
    outputs: dict[str, Any]
    secrets: frozenset[str]
    wire: Any = field(repr=False)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:dev::tiny::{self.type_name}::it"


@dataclass(kw_only=True)
class Driver:
    """The engine's order of calls."""

    provider: AwsProvider
    context: Any = field(default_factory=Context)

    def check(self, type_name: str, inputs: dict[str, Any], *, secret: tuple[str, ...] = (), olds: Any = None) -> Any:
        response = self.provider.check(
            provider_pb2.CheckRequest(
                urn=f"urn:pulumi:dev::tiny::{type_name}::it",
                name="it",
                type=type_name,
                news=encode(inputs, secret),
                olds=olds,
                randomSeed=uuid.uuid4().bytes,
            ),
            self.context,
        )
        if response.failures:
            raise RefusedError("; ".join(failure.reason for failure in response.failures))
        return response.inputs

    def preview(self, type_name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.CreateRequest(type=type_name, properties=self.check(type_name, inputs), preview=True)
        return decode(self.provider.create(request, self.context).properties).values

    def create(self, type_name: str, inputs: dict[str, Any], *, secret: tuple[str, ...] = ()) -> Deployed:
        checked = self.check(type_name, inputs, secret=secret)
        response = self.provider.create(provider_pb2.CreateRequest(type=type_name, properties=checked), self.context)
        return self._deployed(type_name, response.id, checked, response.properties)

    def diff(self, old: Deployed, inputs: dict[str, Any]) -> Any:
        return self.provider.diff(
            provider_pb2.DiffRequest(
                id=old.id,
                type=old.type_name,
                old_inputs=old.inputs,
                olds=old.wire,
                news=self.check(old.type_name, inputs, olds=old.inputs),
            ),
            self.context,
        )

    def update(self, old: Deployed, inputs: dict[str, Any]) -> Deployed:
        checked = self.check(old.type_name, inputs, olds=old.inputs)
        request = provider_pb2.UpdateRequest(
            id=old.id, type=old.type_name, old_inputs=old.inputs, olds=old.wire, news=checked
        )
        response = self.provider.update(request, self.context)
        return self._deployed(old.type_name, old.id, checked, response.properties)

    def read(self, old: Deployed) -> Deployed | None:
        request = provider_pb2.ReadRequest(id=old.id, type=old.type_name, inputs=old.inputs, properties=old.wire)
        return self._read(old.type_name, request)

    def adopt(self, type_name: str, physical_id: str) -> Deployed | None:
        return self._read(type_name, provider_pb2.ReadRequest(id=physical_id, type=type_name))

    def delete(self, old: Deployed) -> None:
        request = provider_pb2.DeleteRequest(id=old.id, type=old.type_name, properties=old.wire, old_inputs=old.inputs)
        self.provider.delete(request, self.context)

    def _read(self, type_name: str, request: Any) -> Deployed | None:
        response = self.provider.read(request, self.context)
        if not response.id:
            return None
        return self._deployed(type_name, response.id, response.inputs, response.properties)

    def _deployed(self, type_name: str, physical_id: str, inputs: Any, properties: Any) -> Deployed:
        bag = decode(properties)
        return Deployed(
            type_name=type_name,
            id=physical_id,
            inputs=inputs,
            outputs=bag.values,
            secrets=bag.secrets,
            wire=properties,
        )
