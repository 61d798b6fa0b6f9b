"""GetRandomPassword.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html.
"""

import secrets
import string
from dataclasses import dataclass

from sandbox.aws.errors import AwsError


@dataclass(frozen=True, kw_only=True)
class PasswordRequest:
    """What the password may hold; every kind that is included must appear unless `each_type` is off."""

    length: int = 32
    exclude: str = ""
    lowercase: bool = True
    uppercase: bool = True
    numbers: bool = True
    punctuation: bool = True
    space: bool = False
    each_type: bool = True


def random_password(request: PasswordRequest) -> str:
    """A password from the system's source of randomness; refuses a request that cannot be met."""
    wanted = (
        (request.lowercase, string.ascii_lowercase),
        (request.uppercase, string.ascii_uppercase),
        (request.numbers, string.digits),
        (request.punctuation, string.punctuation),
        (request.space, " "),
    )
    kinds = ["".join(c for c in kind if c not in request.exclude) for included, kind in wanted if included]
    kinds = [kind for kind in kinds if kind]
    if not kinds:
        raise AwsError("InvalidParameterException", "No valid characters to use for the password.")
    required = kinds if request.each_type else []
    if request.length < len(required):
        raise AwsError("InvalidParameterException", "Password length is too short based on the required types.")
    characters = [secrets.choice(kind) for kind in required]
    alphabet = "".join(kinds)
    characters += [secrets.choice(alphabet) for _ in range(request.length - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
