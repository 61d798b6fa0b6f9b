"""KMS keys of moto as the judgement needs them: ARNs, key policies, grants, aliases, state."""

from collections.abc import Mapping
from typing import Any

from moto.kms import utils
from moto.kms.models import kms_backends

from iam.context import ContextValue
from iam.document import PolicyKind
from iam.evaluate import Holder
from iam.grant import Grant
from sandbox.aws.access.documents import Document, parsed
from sandbox.aws.access.held import NOTHING, Held
from sandbox.aws.memory.memory import Memory


class Keys:
    """The keys of one account, in every region."""

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Reads only."""
        self._account = account
        self._memory = memory

    def arn(self, region: str, key_id: str) -> str:
        """The ARN of a key by id, ARN, alias or alias ARN; of one that does not exist, what was given as an ARN."""
        with self._memory.read():
            found = self._find(region, key_id)
            if found is not None:
                return str(found.arn)
        if key_id.startswith("arn:"):
            return key_id
        return f"arn:aws:kms:{region}:{self._account}:{key_id if '/' in key_id else f'key/{key_id}'}"

    def sealing(self, region: str, ciphertext: bytes) -> str:
        """The ARN of the key that made a ciphertext; `*` when none can be read from it."""
        try:
            key_id = utils._deserialize_ciphertext_blob(ciphertext_blob=ciphertext).key_id
        except Exception:  # noqa: BLE001 - any bytes can come in; the service answers what is wrong with them
            return "*"
        return self.arn(region, key_id)

    def works(self, region: str, key_id: str) -> bool:
        """Whether the key exists and is enabled."""
        with self._memory.read():
            key = self._find(region, key_id)
            return key is not None and bool(key.enabled) and key.key_state == "Enabled"

    def held(self, arn: str) -> Held:
        """A key's policy, grants, tags and aliases; nothing for an alias or a key that does not exist."""
        region, name = arn.split(":")[3], arn.split(":", 5)[5]
        if not name.startswith("key/"):
            return NOTHING
        with self._memory.read():
            backend = kms_backends[self._account][region]
            key = backend.keys.get(name.removeprefix("key/"))
            if key is None:
                return NOTHING
            return Held(
                policy=parsed(Document(name=f"key policy of {key.id}", text=key.policy), PolicyKind.RESOURCE),
                holder=Holder.KEY,
                grants=tuple(_grant(grant) for grant in list(key.grants.values())),
                tags=backend.tagger.get_tag_dict_for_resource(key.id),
                given=_given(key),
            )

    def _find(self, region: str, key_id: str) -> Any:
        backend = kms_backends[self._account][region]
        plain = key_id.split(":", 5)[5] if key_id.startswith("arn:") and key_id.count(":") >= 5 else key_id
        if plain.startswith("alias/"):
            return next((key for key in list(backend.keys.values()) if plain in key.aliases), None)
        return backend.keys.get(plain.removeprefix("key/"))


def _grant(grant: Any) -> Grant:
    constraints: Mapping[str, Any] = grant.constraints or {}
    return Grant(
        name=grant.name or grant.id,
        grantee=grant.grantee_principal,
        operations=frozenset(grant.operations),
        context_equals=constraints.get("EncryptionContextEquals"),
        context_subset=constraints.get("EncryptionContextSubset"),
    )


def _given(key: Any) -> dict[str, ContextValue]:
    """KMS: conditions-kms.html."""
    given: dict[str, ContextValue] = {
        "kms:KeyOrigin": str(key.origin),
        "kms:KeySpec": str(key.key_spec),
        "kms:KeyUsage": str(key.key_usage),
        "kms:MultiRegion": bool(key.multi_region),  # None where the request did not say
    }
    if key.aliases:
        given["kms:ResourceAliases"] = list(key.aliases)
    return given
