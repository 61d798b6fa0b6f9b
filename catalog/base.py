"""What the types of the catalogue and of an environment are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
EnvName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]


class Model(BaseModel):
    """Base of every type here: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
