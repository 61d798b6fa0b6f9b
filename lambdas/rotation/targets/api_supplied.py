"""Keys that only a person can make: the admin keys of OpenAI, Anthropic and Sentry themselves.

A rotation takes up what a person gave with `secretsctl set` and checks it; a schedule without a new value is a
reminder, because its refusal reaches the alarms.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from rotation import document as documents
from rotation.document import Document
from rotation.errors import LoginRefusedError, RotationError
from rotation.targets.api_session import ApiSession, Connect, bearer, place
from rotation.targets.target import Fallbacks

Probe = tuple[Callable[[str], Mapping[str, str]], str]


def anthropic_headers(key: str) -> Mapping[str, str]:
    """Both headers that every call takes: https://platform.claude.com/docs/en/api/overview"""
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


# By the host of `url`: how a key logs in, and a call that only reads. developers.openai.com/api/reference (projects,
# list), platform.claude.com/docs/en/api/admin/api_keys/list, docs.sentry.io/api/projects/list-your-projects
PROBES: Mapping[str, Probe] = {
    "api.openai.com": (bearer, "/v1/organization/projects?limit=1"),
    "api.anthropic.com": (anthropic_headers, "/v1/organizations/api_keys?limit=1"),
    "sentry.io": (bearer, "/api/0/projects/"),
}


def taken_up(name: str, current: Document, fallbacks: Fallbacks, credential: frozenset[str]) -> Document:
    """AWSCURRENT's constants with the credential that a person supplied; RotationError names the command for that."""
    supplied = fallbacks.supplied()
    short = name.rsplit("/", 1)[-1]
    if supplied is None or "key" not in supplied:
        raise RotationError(
            f"secret '{name}': its issuer gives a new value to a person only; make one in its console and run "
            f"`secretsctl set {short}`"
        )
    if documents.text(supplied, "key") == current.get("key"):
        raise RotationError(
            f"secret '{name}': the value that was supplied is the one that is current; make a new one in the issuer's "
            f"console and run `secretsctl set {short}`"
        )
    constants = {field: content for field, content in current.items() if field not in credential}
    return {**constants, **{field: supplied[field] for field in sorted(credential & supplied.keys())}}


class Supplied:
    """An admin key. No overlap: its only consumers are rotations, and each reads every version when it needs one."""

    credential = frozenset({"key"})
    value = "key"
    overlaps = False
    issued = False
    retires = True

    def __init__(
        self, ca_pem: str | None = None, *, connect: Connect = ApiSession, probes: Mapping[str, Probe] = PROBES
    ) -> None:
        self._ca_pem = ca_pem
        self._connect = connect
        self._probes = probes

    def generate(self, name: str, current: Document, fallbacks: Fallbacks, *, urgent: bool) -> Document:
        """What a person supplied, over the current constants: a supplied `url` is not taken over."""
        del urgent
        return taken_up(name, current, fallbacks, self.credential)

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Nothing to do: the issuer knows the key already. Only that the version is still ours to publish."""
        del current, fallbacks
        pending()

    def verify(self, document: Document) -> None:
        """Read something with the key where the host says which API it is; elsewhere nothing can be told."""
        self._use(document)

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Check the key; only a person can replace it."""
        del fallbacks
        try:
            self._use(current)
        except LoginRefusedError:
            raise LoginRefusedError(
                "the API refuses AWSCURRENT's key, and only a person can make another; give it with `secretsctl set`"
            ) from None

    def retire(
        self, current: Document, previous: Document, fallbacks: Fallbacks, quiet_since: datetime | None
    ) -> Sequence[str]:
        """Name what a person has to revoke, until the API refuses the old key. No API revokes an admin key for us."""
        del fallbacks
        if previous.get("key") == current.get("key"):
            return ()
        self._use(current)  # while all is refused, a refusal says nothing about the old key
        try:
            known = self._use(previous)
        except LoginRefusedError:
            return ()
        told = (
            f"the admin key before AWSCURRENT's at {place(documents.text(previous, 'url'))}: a person has to revoke it"
        )
        if not known:
            told += ", which cannot be seen from here, and then to take AWSPREVIOUS off its version"
        if quiet_since is None:
            raise RotationError(told)
        return [told]

    def _use(self, document: Document) -> bool:
        """False: it cannot be told which API this is."""
        url, key = documents.text(document, "url"), documents.text(document, "key")
        probe = self._probes.get(urlsplit(url).hostname or "")
        if probe is None:
            return False
        headers, path = probe
        self._connect(url, self._ca_pem, headers(key)).call("GET", path)
        return True
