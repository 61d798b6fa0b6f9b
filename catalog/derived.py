"""A name whose value is made of the fields of a secret."""

from __future__ import annotations

from string import Formatter
from typing import Self

from pydantic import Field, model_validator

from catalog.base import EnvName, Model, SecretName


class Derived(Model):
    """A name whose value is a template over the fields of one secret, made when it is read, so never stale."""

    name: EnvName
    secret: SecretName
    template: str = Field(description="text with {field}; each field is percent-encoded")

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the template uses, in order."""
        return tuple(field for _, field, _, _ in Formatter().parse(self.template) if field is not None)

    @model_validator(mode="after")
    def _template_is_plain(self) -> Self:
        try:
            parsed = list(Formatter().parse(self.template))
        except ValueError as exc:
            raise ValueError(f"template {self.template!r} is not one: {exc}; close every {{field}}") from exc
        if odd := [field for _, field, spec, conversion in parsed if field is not None and (spec or conversion)]:
            raise ValueError(f"template formats field {odd[0]!r}; write {{{odd[0]}}} alone")
        return self
