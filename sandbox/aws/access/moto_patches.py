"""moto, changed where it would judge by itself, and where ids matter to a judgement.

Users and groups have ids of AWS's form, which aws:userid is compared with
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids). A bucket's policy,
which moto reads without its conditions, has been judged before moto sees the call.
"""

from typing import Any

from moto.iam import models
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket


def install_access_patches() -> None:
    """Change moto for the life of the process."""
    for kind, prefix in ((models.User, "AIDA"), (models.Group, "AGPA")):
        _give_ids(kind, prefix)
    FakeBucket.get_permission = _judged_before  # type: ignore[method-assign, assignment]


def _give_ids(kind: Any, prefix: str) -> None:
    original = kind.__init__

    def init(made: Any, *arguments: Any, **named: Any) -> None:
        original(made, *arguments, **named)
        made.id = f"{prefix}{made.id.upper()[:17]}"

    kind.__init__ = init


def _judged_before(_bucket: Any, _action: str, _resource: str) -> Any:
    return PermissionResult.PERMITTED
