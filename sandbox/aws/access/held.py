"""What a resource brings to the judgement of a call on it: its policy, its grants, its tags."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from iam.context import ContextValue
from iam.document import Policy
from iam.evaluate import Holder
from iam.grant import Grant


@dataclass(frozen=True, kw_only=True)
class Held:
    """A resource's side of a judgement; `given` are condition keys that follow from the resource."""

    policy: Policy | None = None
    holder: Holder = Holder.ORDINARY
    grants: tuple[Grant, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, ContextValue] = field(default_factory=dict)


NOTHING = Held()
