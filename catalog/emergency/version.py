"""The id of the version that an incident gives a secret: one word that says that it is an emergency, and which."""

from __future__ import annotations

import hashlib

TOKEN_PREFIX = "emergency-"  # noqa: S105 - not a credential: the start of a version's id
TOKEN = f"States.Format('{TOKEN_PREFIX}{{}}', States.Hash(States.Format('{{}}/{{}}', $.incident, $.name), 'SHA-1'))"
"""The same in the language of the machine, from its {incident, name}."""


def token(incident: str, name: str) -> str:
    """50 characters, of 32 to 64 that are allowed, which is why it is no SHA-256; nothing rests on the hash's strength.

    docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
    """
    return TOKEN_PREFIX + hashlib.sha1(f"{incident}/{name}".encode(), usedforsecurity=False).hexdigest()
