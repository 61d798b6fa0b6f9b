"""ListSecrets and ListSecretVersionIds, with filters and pages.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html, API_Filter.html,
API_ListSecretVersionIds.html.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request
from sandbox.aws.secretsmanager.model import Secret

Item = TypeVar("Item")

PAGE = 100
_SORT = {
    "created-date": lambda secret: secret.created,
    "last-accessed-date": lambda secret: secret.accessed or 0.0,
    "last-changed-date": lambda secret: secret.changed,
    "name": lambda secret: secret.name,
}


def matching(context: Context, request: Request) -> list[Secret]:
    """The region's secrets that all filters accept, in the order asked for; scheduled deletions included."""
    now = context.clock()
    found = [
        secret
        for secret in context.storage.all_in(context.region)
        if (secret.deletion_date is None or secret.deletion_date > now)
        and all(_accepts(item["Key"], item["Values"], secret) for item in request.get("Filters") or [])
    ]
    found.sort(key=_SORT[request.get("SortBy") or "created-date"], reverse=request.get("SortOrder") == "desc")
    return found


def page(items: Sequence[Item], request: Request, *, most: int = PAGE) -> tuple[Sequence[Item], str | None]:
    """One page of items and the token of the next one."""
    start = _offset(request.get("NextToken"))
    end = start + min(request.get("MaxResults") or most, most)
    token = base64.urlsafe_b64encode(f"from:{end}".encode()).decode() if end < len(items) else None
    return items[start:end], token


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        label, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if label == "from":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise AwsError("InvalidNextTokenException", "The NextToken value is invalid.")


def _accepts(key: str, values: Sequence[str], secret: Secret) -> bool:
    return any(_accepts_one(key, value, secret) for value in values)


def _accepts_one(key: str, value: str, secret: Secret) -> bool:
    if value.startswith("!"):
        return not _accepts_one(key, value[1:], secret)
    match key:
        case "name":
            return secret.name.startswith(value)
        case "tag-key":
            return any(tag.startswith(value) for tag in secret.tags)
        case "tag-value":
            return any(tag.startswith(value) for tag in secret.tags.values())
        case "primary-region":
            return (secret.primary_region or "").startswith(value)
        case "owning-service":
            return False  # nothing here is owned by another service
        case "description":
            return _has_words(value, secret.description or "")
        case _:
            texts = (secret.name, secret.description or "", *secret.tags, *secret.tags.values())
            return all(any(_has_words(word, text) for text in texts) for word in value.split())


def _has_words(wanted: str, text: str) -> bool:
    words = [word.lower() for word in text.replace("/", " ").replace("_", " ").replace("-", " ").split()]
    words.append(text.lower())
    return all(any(word.startswith(part) for word in words) for part in wanted.lower().split())
