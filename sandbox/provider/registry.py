"""The table: every resource type that the provider knows, by its token. A new service's `TYPES` are added here."""

from collections.abc import Mapping

from sandbox.provider import (
    alarm,
    athena,
    bucketaccess,
    bucketevents,
    bucketlifecycle,
    bucketobject,
    bucketversions,
    codesigningconfig,
    compositealarm,
    eks,
    eventinvokeconfig,
    eventrule,
    eventsourcemapping,
    eventtarget,
    functionalias,
    glue,
    grant,
    iam,
    instanceprofile,
    keypolicy,
    kms,
    lambda_,
    logresourcepolicy,
    logs,
    metricfilter,
    network,
    openid,
    permission,
    replicakey,
    rolepolicy,
    s3,
    scheduler,
    secretrotation,
    secretsmanager,
    secretversion,
    securitygroup,
    securitygrouprule,
    signingjob,
    signingprofile,
    sns,
    sqs,
    statemachine,
    trail,
    vpcendpoint,
)
from sandbox.provider.resource import ProviderError, ResourceType

_SERVICES = (
    alarm.TYPES,
    athena.TYPES,
    bucketaccess.TYPES,
    bucketevents.TYPES,
    bucketlifecycle.TYPES,
    bucketobject.TYPES,
    bucketversions.TYPES,
    codesigningconfig.TYPES,
    compositealarm.TYPES,
    eks.TYPES,
    eventinvokeconfig.TYPES,
    eventrule.TYPES,
    eventsourcemapping.TYPES,
    eventtarget.TYPES,
    functionalias.TYPES,
    glue.TYPES,
    grant.TYPES,
    iam.TYPES,
    instanceprofile.TYPES,
    keypolicy.TYPES,
    kms.TYPES,
    lambda_.TYPES,
    logresourcepolicy.TYPES,
    logs.TYPES,
    metricfilter.TYPES,
    network.TYPES,
    openid.TYPES,
    permission.TYPES,
    replicakey.TYPES,
    rolepolicy.TYPES,
    s3.TYPES,
    scheduler.TYPES,
    secretrotation.TYPES,
    secretsmanager.TYPES,
    secretversion.TYPES,
    securitygroup.TYPES,
    securitygrouprule.TYPES,
    signingjob.TYPES,
    signingprofile.TYPES,
    sns.TYPES,
    sqs.TYPES,
    statemachine.TYPES,
    trail.TYPES,
    vpcendpoint.TYPES,
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
