"""Keys that an API issues to us: which of them are to go, and patience with an API that is slow to know them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError

# Every secret's name starts so (Settings.prefix), and a key of ours carries the name of its secret.
OURS = "llm-observatory/"
# A key is made at its issuer before it is stored. An invocation that is still between the two is younger than this:
# Lambda ends every one after 900 s (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). The rest
# is for clocks that differ.
GRACE = timedelta(minutes=20)
DELAYS = (1, 2, 3, 4, 5, 5)  # 20 s in all


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """A key as its issuer lists it: never with its value. `used` is None where the issuer does not say."""

    id: str
    name: str
    owner: str
    created: datetime
    used: datetime | None = None
    active: bool = True


def orphans(ours: Iterable[IssuedKey], held: frozenset[str], now: datetime) -> list[IssuedKey]:
    """Keys of ours that no version of the secret holds, so nobody can know them: a crash lost their values."""
    return [key for key in ours if key.id not in held and now - key.created > GRACE]


def named_like(anchors: Iterable[IssuedKey | None], keys: Iterable[IssuedKey]) -> list[IssuedKey]:
    """Keys that rotations of this secret made: named like the first anchor that has such a name.

    The anchors are AWSCURRENT's key and the one before, as the issuer lists them: a retirement is not told the name of
    its secret, and one of the two may be a key that a person made.
    """
    keys = list(keys)
    name = next((key.name for key in anchors if key in keys and key is not None and key.name.startswith(OURS)), None)
    return [key for key in keys if key.name == name]


def superseded(
    ours: Iterable[IssuedKey], current_id: object, previous_id: object, held: frozenset[str], now: datetime
) -> list[IssuedKey]:
    """Keys of ours that end when the previous one retires.

    A key that is younger than AWSCURRENT's and held by a version may be AWSPENDING's, and stays.
    """
    ours = list(ours)
    lost = orphans(ours, held, now)
    born = [key.created for key in ours if key.id == current_id] or [
        key.created for key in ours if key.id == previous_id
    ]
    return [
        key
        for key in ours
        if key.id != current_id
        and (key.id == previous_id or key in lost or (key.id in held and bool(born) and key.created <= born[0]))
    ]


def held_ids(documents: Iterable[Document]) -> frozenset[str]:
    """The ids of the keys that versions of the secret hold."""
    return frozenset(key_id for document in documents if isinstance(key_id := document.get("key_id"), str))


def foreign(key: IssuedKey) -> RotationError:
    """The refusal to end a key: its id comes from the secret, and who may write that could name somebody else's key."""
    return RotationError(
        f"API key {key.id} was not made by a rotation of this secret, so it is not touched; end it in the console of "
        f"the API, then retire again"
    )


def until_accepted(login: Callable[[], object], sleep: Callable[[float], object]) -> None:
    """Log in, again and again for 20 s: a new key may take a moment until every server of the API knows it."""
    for delay in DELAYS:
        try:
            login()
        except LoginRefusedError:
            sleep(delay)
        else:
            return
    login()


def until_refused(login: Callable[[], object], sleep: Callable[[float], object], what: str) -> None:
    """Log in until it is refused, for 20 s; RotationError when the key lives on."""
    for delay in (*DELAYS, None):
        try:
            login()
        except LoginRefusedError:
            return
        if delay is not None:
            sleep(delay)
    raise RotationError(f"{what} is still accepted {sum(DELAYS)} s after it was ended; end it in the API's console")
