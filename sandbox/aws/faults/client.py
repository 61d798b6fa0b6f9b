"""Faults from a test: in force inside a `with` block, and how often each of them hit."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from sandbox.aws.errors import SandboxError
from sandbox.aws.faults.kind import Kind
from sandbox.aws.process import LocalAws


class Faults:
    """The faults of one running local AWS; leaving the block clears what was added in it.

    Each method that adds one takes further fields of `sandbox.aws.faults.rule.Fault`, such as `nth`, `times`,
    `resource` and `principal`, and returns the fault's id.
    """

    def __init__(self, aws: LocalAws) -> None:
        """`aws` is the process that `sandbox.aws.process` started or found."""
        self._aws = aws
        self._added: list[str] = []
        self._hit: dict[str, int] = {}

    def __enter__(self) -> Self:
        """The faults themselves."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Clears what this object added, unless the process ended meanwhile, which clears all."""
        for number in self._added:
            with suppress(SandboxError):
                cleared = self._aws.ask("DELETE", "faults", {"id": number})["cleared"]
                self._hit |= {fault["id"]: int(fault["hit"]) for fault in cleared}
        self._added.clear()

    def throttle(self, service: str, operation: str = "*", **settings: Any) -> str:
        """The call is refused with the service's own throttling error."""
        return self.add(Kind.THROTTLE, service, operation, **settings)

    def error(self, service: str, operation: str = "*", *, code: str, **settings: Any) -> str:
        """The call is refused with `code`, and `message` and `status` if given."""
        return self.add(Kind.ERROR, service, operation, code=code, **settings)

    def delay(self, service: str, operation: str = "*", *, seconds: float, **settings: Any) -> str:
        """The call is served after `seconds`."""
        return self.add(Kind.DELAY, service, operation, seconds=seconds, **settings)

    def drop_before(self, service: str, operation: str = "*", **settings: Any) -> str:
        """The connection is closed, and the call is not served."""
        return self.add(Kind.DROP_BEFORE, service, operation, **settings)

    def drop_after(self, service: str, operation: str = "*", **settings: Any) -> str:
        """The call is served, and the connection closed instead of the answer."""
        return self.add(Kind.DROP_AFTER, service, operation, **settings)

    def add(self, kind: Kind | str, service: str, operation: str = "*", **settings: Any) -> str:
        """A fault from now on; its id."""
        fault = {"kind": str(kind), "service": service, "operation": operation, **settings}
        number: str = self._aws.ask("POST", "faults", fault)["id"]
        self._added.append(number)
        return number

    def hits(self, number: str) -> int:
        """How many calls a fault of this block hit so far, or in all once the block was left.

        Raises:
            SandboxError: it is not in force any more, and was not cleared by this object.
        """
        if number in self._hit:
            return self._hit[number]
        for fault in self._aws.ask("GET", "faults")["faults"]:
            if fault["id"] == number:
                return int(fault["hit"])
        raise SandboxError(f"fault {number} is not in force any more; a restart of the local AWS clears all faults")
