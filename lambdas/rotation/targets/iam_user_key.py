# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""What all credentials have in common that are an access key of an IAM user, shown or in disguise."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rotation.document import Document
from rotation.targets.iam_keys import Keys
from rotation.targets.iam_settling import settle
from rotation.targets.iam_two_keys import TwoKeys
from rotation.targets.target import Fallbacks

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


class UserKey:
    """The function's role makes and ends the keys of `user_name`; `id_field` is where the document has a key's id.

    A key that was just made works already, so there is nothing to apply: testSecret waits until AWS accepts it, and
    only then is it published.
    """

    overlaps = True
    issued = True
    retires = True

    def __init__(
        self, id_field: str, iam: "IAMClient | None", clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._keys = Keys(iam)
        self._two = TwoKeys(self._keys, id_field, clock, sleep=sleep)
        self._sleep = sleep

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Nothing but the check that the rotation is still ours: IAM made the key active."""
        pending()

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Make AWSCURRENT's key active again if it is inactive."""
        self._two.heal(current)

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Make the old key inactive unless somebody used it; the next rotation deletes it.

        Whether an SMTP login counts as a use of its key is unverified.
        """
        return self._two.retire(current, previous, fallbacks, quiet_since)

    def _settled(self, use: Callable[[], object], user: str, key_id: str) -> None:
        """Use the key until AWS accepts it, and see that it is the user's."""

        def attempt() -> None:
            use()
            self._keys.require_owner(user, key_id)

        settle(attempt, self._sleep)
