"""Amazon EKS's pod identity associations, which moto has not: which role a cluster's service account has.

Sources: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html and
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html. Nothing runs in a cluster here, so nobody asks
for an association's credentials (eks-auth).
"""

import secrets
import string
import time
from collections.abc import Callable, Mapping
from typing import Any

from moto.eks.models import eks_backends
from moto.iam.models import iam_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.memory.memory import Memory
from sandbox.aws.wire import answered, refused

_CHANGING = ("roleArn", "disableSessionTags", "targetRoleArn", "policy")


class PodIdentities:
    """The associations of one account, kept with moto's EKS."""

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Clusters and roles are moto's."""
        self._account = account
        self._memory = memory
        self._operations: dict[str, Callable[[Call], Mapping[str, Any]]] = {
            "CreatePodIdentityAssociation": self._create,
            "DescribePodIdentityAssociation": lambda call: {"association": self._found(call)},
            "UpdatePodIdentityAssociation": self._update,
            "DeletePodIdentityAssociation": self._delete,
            "ListPodIdentityAssociations": self._list,
            "ListTagsForResource": lambda call: {"tags": self._tagged(call)["tags"]},
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }

    def answer(self, call: Call) -> Answer | None:
        """Answer what is about associations; None for every other call, which moto answers."""
        operation = self._operations.get(call.operation)
        tags = "PodIdentity" not in call.operation
        if operation is None or (tags and ":podidentityassociation/" not in _resource(call)):
            return None
        try:
            with self._memory.work(changes=call.changes_state):
                return answered(call, operation(call))
        except AwsError as error:
            return refused(call, error)

    def _all(self, region: str) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = eks_backends[self._account][region].__dict__.setdefault(
            "sandbox_pod_identities", {}
        )
        return kept

    def _cluster(self, call: Call) -> str:
        name = str(call.parameters.get("clusterName") or call.parameters.get("name") or "")
        if name not in eks_backends[self._account][call.region].clusters:
            raise AwsError("ResourceNotFoundException", f"No cluster found for name: {name}.", status=404)
        return name

    def _role(self, arn: str) -> str:
        roles = iam_backends[self._account]["aws"].roles.values()
        if arn.split(":")[4:5] == [self._account] and all(role.arn != arn for role in roles):
            raise AwsError("InvalidParameterException", f"Role {arn} does not exist.")
        return arn

    def _create(self, call: Call) -> Mapping[str, Any]:
        cluster, given = self._cluster(call), call.parameters
        place = (cluster, given["namespace"], given["serviceAccount"])
        for item in self._all(call.region).values():
            if (item["clusterName"], item["namespace"], item["serviceAccount"]) == place:
                raise AwsError(
                    "ResourceInUseException", f"Association already exists: {item['associationId']}", status=409
                )
        identity = "a-" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(17))
        now = time.time()
        association = {
            "clusterName": cluster,
            "namespace": given["namespace"],
            "serviceAccount": given["serviceAccount"],
            "roleArn": self._role(given["roleArn"]),
            "associationArn": f"arn:aws:eks:{call.region}:{self._account}:podidentityassociation/{cluster}/{identity}",
            "associationId": identity,
            "tags": dict(given.get("tags") or {}),
            "createdAt": now,
            "modifiedAt": now,
            "disableSessionTags": bool(given.get("disableSessionTags")),
        }
        self._all(call.region)[identity] = self._aimed(association, call)
        return {"association": self._all(call.region)[identity]}

    def _aimed(self, association: dict[str, Any], call: Call) -> dict[str, Any]:
        """The association as the call leaves it; a role behind the role gets an external id to trust."""
        given = call.parameters
        changed = {**association, **{name: given[name] for name in _CHANGING if given.get(name) is not None}}
        self._role(changed["roleArn"])
        parts = (call.region, self._account, changed["clusterName"], changed["namespace"], changed["serviceAccount"])
        changed["externalId"] = "/".join(parts) if changed.get("targetRoleArn") else ""
        return {
            name: value for name, value in changed.items() if value != "" or name not in {"targetRoleArn", "policy"}
        }

    def _found(self, call: Call) -> dict[str, Any]:
        cluster, identity = self._cluster(call), str(call.parameters.get("associationId", ""))
        found = self._all(call.region).get(identity)
        if found is None or found["clusterName"] != cluster:
            raise AwsError("ResourceNotFoundException", f"Association not found: {identity}.", status=404)
        return found

    def _update(self, call: Call) -> Mapping[str, Any]:
        changed = {**self._aimed(self._found(call), call), "modifiedAt": time.time()}
        self._all(call.region)[changed["associationId"]] = changed
        return {"association": changed}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        found = self._found(call)
        del self._all(call.region)[found["associationId"]]
        return {"association": found}

    def _list(self, call: Call) -> Mapping[str, Any]:
        cluster, given = self._cluster(call), call.parameters
        wanted = {name: given[name] for name in ("namespace", "serviceAccount") if given.get(name)} | {
            "clusterName": cluster
        }
        names = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
        items = [item for item in self._all(call.region).values() if wanted.items() <= item.items()]
        return {"associations": [{name: item[name] for name in names} for item in items]}

    def _tagged(self, call: Call) -> dict[str, Any]:
        arn = _resource(call)
        found = next((item for item in self._all(call.region).values() if item["associationArn"] == arn), None)
        if found is None:
            raise AwsError("NotFoundException", f"Resource not found: {arn}.", status=404)
        return found

    def _tag(self, call: Call) -> Mapping[str, Any]:
        self._tagged(call)["tags"].update(call.parameters.get("tags") or {})
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        for key in call.parameters.get("tagKeys") or []:
            self._tagged(call)["tags"].pop(key, None)
        return {}


def _resource(call: Call) -> str:
    return str(call.parameters.get("resourceArn", ""))
