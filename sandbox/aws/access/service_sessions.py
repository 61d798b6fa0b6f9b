"""The route /_sandbox/sessions: a role's session as a service of AWS hands it to what runs there.

On AWS such a session comes from the machine that the code runs on (an instance's metadata, a task's or a pod's agent,
Lambda), and no machine of these runs here. Trust, tags and conditions are judged as in every AssumeRole, and the record
has it. Credentials are only in the answer, which the process's token protects.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.aws.access.access import Access
from sandbox.aws.control import Control
from sandbox.aws.errors import AwsError, SandboxError


class ServiceSessions:
    """Hands out sessions of roles that trust a service."""

    def __init__(self, access: Access) -> None:
        """Whether a service may take a role is for `access` to say."""
        self._access = access

    def serve(self, control: Control) -> None:
        """Add the route."""
        control.add("POST", "sessions", self.session)

    def session(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The session, in the words of STS; SandboxError where the role does not trust the service so.

        `role_arn` and `service` are needed; `session_name`, `source_arn` and `tags` are what the service gives.
        """
        try:
            made = self._access.role_session(
                _text(given, "role_arn"),
                service=_text(given, "service"),
                session_name=str(given.get("session_name") or "sandbox"),
                source_arn=given.get("source_arn"),
                tags=given.get("tags") or {},
            )
        except AwsError as exc:
            raise SandboxError(str(exc)) from exc
        return {"AccessKeyId": made.access_key, "SecretAccessKey": made.secret_key, "SessionToken": made.token}


def _text(given: Mapping[str, Any], name: str) -> str:
    if not isinstance(given.get(name), str) or not given[name]:
        raise SandboxError(f"'{name}' is missing; give it as a text")
    return str(given[name])
