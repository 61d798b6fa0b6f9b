"""The table: every resource type that the provider knows, by its token. A new service's `TYPES` are added here."""

from collections.abc import Mapping

from sandbox.provider import (
    iam,
    kms,
    lambda_,
    logs,
    permission,
    rolepolicy,
    s3,
    secretrotation,
    secretsmanager,
    secretversion,
    sns,
    sqs,
)
from sandbox.provider.resource import ProviderError, ResourceType

_SERVICES = (
    iam.TYPES,
    kms.TYPES,
    lambda_.TYPES,
    logs.TYPES,
    permission.TYPES,
    rolepolicy.TYPES,
    s3.TYPES,
    secretrotation.TYPES,
    secretsmanager.TYPES,
    secretversion.TYPES,
    sns.TYPES,
    sqs.TYPES,
)
REGISTRY: Mapping[str, ResourceType] = {kind.type_name: kind for types in _SERVICES for kind in types}


def resource_type(token: str) -> ResourceType:
    """The type called `token`; raises ProviderError for one that the sandbox does not know."""
    if token not in REGISTRY:
        raise ProviderError(
            f"the sandbox's AWS provider does not know the type '{token}'; add it under sandbox/provider/ "
            "and list it in registry.py, or run with LLMOBS_AWS_PLUGIN=real"
        )
    return REGISTRY[token]
