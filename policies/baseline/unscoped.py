"""Actions that a statement may allow on every resource, each group with its reason.

A name has a resource or not by the column "Resource types" of its service's page under
docs.aws.amazon.com/service-authorization/latest/reference/; the page is named where it says that there is none.
"""

from __future__ import annotations

_LISTS = (
    "cloudtrail:DescribeTrails",  # list_awscloudtrail.html
    "cloudtrail:ListPublicKeys",
    "cloudtrail:LookupEvents",
    "cloudwatch:GetMetricData",  # list_amazoncloudwatch.html
    "cloudwatch:ListDashboards",
    "cloudwatch:ListMetrics",
    "ec2:Describe*",  # list_amazonec2.html
    "kms:ListAliases",  # list_awskeymanagementservice.html
    "logs:DescribeLogGroups",  # AWS lists only what the name's prefix in the request says
    "logs:DescribeResourcePolicies",  # list_amazoncloudwatchlogs.html
    "secretsmanager:ListSecrets",  # list_awssecretsmanager.html
    "states:ValidateStateMachineDefinition",  # list_awsstepfunctions.html
)
_NO_RESOURCE = (
    "cloudwatch:PutMetricData",  # list_amazoncloudwatch.html: a condition names the namespace
    "kms:CreateKey",  # list_awskeymanagementservice.html: there is no key yet
    "lambda:CreateCodeSigningConfig",  # list_awslambda.html
    "logs:CreateLogDelivery",  # list_amazoncloudwatchlogs.html, as Step Functions asks for them
    "logs:DeleteLogDelivery",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",  # list_awsx-ray.html
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
_AS_AWS_ASKS = (
    # Lambda tries them on every resource before it takes a function into a VPC:
    # docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
    # With the tag of the environment in the request, for a key that has no ARN yet.
    "kms:TagResource",
)
# Whether these can be narrowed to the names of the programme is unverified or open; none reads or changes a secret.
_NOT_YET_NARROWED = (
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetDashboard",
    "route53:AssociateVPCWithHostedZone",
    "signer:DescribeSigningJob",
    "signer:GetSigningProfile",
    "signer:ListTagsForResource",
    "signer:PutSigningProfile",
    "signer:StartSigningJob",
    "signer:Tag*",
    "signer:Untag*",
)
UNSCOPED = (*_LISTS, *_NO_RESOURCE, *_AS_AWS_ASKS, *_NOT_YET_NARROWED)
"""Names, with a `*` at the end where all that begin so are meant."""
