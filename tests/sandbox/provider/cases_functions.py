"""The lifecycles of what surrounds a function."""

from typing import Any

from tests.sandbox.provider.case import Case


def _mapping_by_hand(aws: Any, made: Any) -> str:
    aws("lambda").update_event_source_mapping(UUID=made.id, BatchSize=7)
    return "batchSize"


def _alias_by_hand(aws: Any, made: Any) -> str:
    function = made.outputs["functionName"]
    aws("lambda").update_alias(FunctionName=function, Name=made.outputs["name"], Description="by hand")
    return "description"


def _events_by_hand(aws: Any, made: Any) -> str:
    aws("lambda").put_function_event_invoke_config(
        FunctionName=made.id, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=3600
    )
    return "destinationConfig"


def _signing_by_hand(aws: Any, made: Any) -> str:
    policy = {"UntrustedArtifactOnDeployment": "Warn"}
    aws("lambda").update_code_signing_config(CodeSigningConfigArn=made.id, CodeSigningPolicies=policy)
    return "policies"


def _association_by_hand(aws: Any, made: Any) -> str:
    cluster = made.outputs["clusterName"]
    aws("eks").update_pod_identity_association(clusterName=cluster, associationId=made.id, disableSessionTags=True)
    return "disableSessionTags"


FUNCTION_CASES: dict[str, Case] = {
    "aws:lambda/alias:Alias": Case(
        create=lambda s: {
            "functionName": s.published.id,
            "functionVersion": "1",
            "name": "live",
            "description": "one",
        },
        change={"functionVersion": "$LATEST", "description": "two"},
        replace={"name": "other"},
        adopted=lambda deployed: f"{deployed.outputs['functionName']}/{deployed.outputs['name']}",
        drift=_alias_by_hand,
    ),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Case(
        create=lambda s: {
            "functionName": s.function.id,
            "destinationConfig": {"onFailure": {"destination": s.queue_arn}},
            "maximumEventAgeInSeconds": 3600,
            "maximumRetryAttempts": 0,
        },
        change={"maximumRetryAttempts": 1, "maximumEventAgeInSeconds": 7200},
        replace={"functionName": "other"},
        arn_output=False,
        layered=True,
        drift=_events_by_hand,
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Case(
        create=lambda s: {
            "functionName": s.function.id,
            "eventSourceArn": s.queue_arn,
            "batchSize": 5,
            "functionResponseTypes": ["ReportBatchItemFailures"],
            "filterCriteria": {"filters": [{"pattern": '{"body": {"a": [1]}}'}]},
            "scalingConfig": {"maximumConcurrency": 2},
            "tags": {"a": "1"},
        },
        change={"batchSize": 1, "enabled": False, "maximumBatchingWindowInSeconds": 5},
        replace={"eventSourceArn": "arn:aws:sqs:us-east-1:123456789012:other"},
        drift=_mapping_by_hand,
    ),
    "aws:signer/signingProfile:SigningProfile": Case(
        create=lambda _s: {
            "platformId": "AWSLambda-SHA384-ECDSA",
            "signatureValidityPeriod": {"value": 3, "type": "MONTHS"},
            "tags": {"a": "1"},
        },
        change={"tags": {"a": "2"}},
        replace={"platformId": "other"},
    ),
    "aws:signer/signingJob:SigningJob": Case(
        create=lambda s: {
            "profileName": s.profile.id,
            "source": {"s3": s.uploaded},
            "destination": {"s3": {"bucket": s.versioned_bucket, "prefix": "signed/"}},
        },
        replace={"profileName": "other"},
        arn_output=False,
        outlives=True,
        layered=True,
    ),
    "aws:lambda/codeSigningConfig:CodeSigningConfig": Case(
        create=lambda s: {
            "allowedPublishers": {"signingProfileVersionArns": [s.profile.outputs["versionArn"]]},
            "policies": {"untrustedArtifactOnDeployment": "Enforce"},
            "description": "one",
            "tags": {"a": "1"},
        },
        change={"description": "two", "policies": {"untrustedArtifactOnDeployment": "Warn"}, "tags": {"b": "2"}},
        layered=True,
        drift=_signing_by_hand,
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Case(
        create=lambda s: {
            "clusterName": s.cluster,
            "namespace": "observatory",
            "serviceAccount": s.name,
            "roleArn": s.role.outputs["arn"],
            "tags": {"a": "1"},
        },
        change=lambda s: {"roleArn": s.other_role.outputs["arn"], "disableSessionTags": True, "tags": {"b": "2"}},
        replace={"namespace": "other"},
        arn_output=False,
        adopted=lambda deployed: f"{deployed.outputs['clusterName']},{deployed.id}",
        layered=True,
        drift=_association_by_hand,
    ),
}
