"""What the program declares to run and to watch: functions, machines, network; trail, logs, queries, alerts."""

from __future__ import annotations

from catalog import names
from catalog.access.owning import EVERYTHING, Owned, actions, arn
from catalog.environment import Environment
from catalog.names import SERVICE

BUCKETS = ("audit-access", "audit-logs", "audit-queries", "backups", "code")


def running(environment: Environment) -> tuple[Owned, ...]:
    """Functions with their packages, machines, and the network that they are in."""
    prefix = names.named(environment, "*")
    kinds = ("route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint")
    return (
        Owned(
            title="Functions",
            resources=[
                arn(environment, "lambda", f"function:{prefix}"),
                arn(environment, "lambda", "code-signing-config:*"),
            ],
            reads=actions("lambda", "Get* List*"),
            changes=actions("lambda", "Add* Create* Delete* Put* Remove* Tag* Untag* Update*"),
        ),
        # RotateSecret asks it of whoever switches rotation on: API_RotateSecret.html of Secrets Manager.
        Owned(
            title="Rotators",
            resources=[names.function_arn(environment, names.rotator("*"))],
            changes=actions("lambda", "InvokeFunction"),
        ),
        # A configuration, a profile and a job get their ids when they are made.
        Owned(
            title="Signing",
            resources=EVERYTHING,
            reads=actions("signer", "DescribeSigningJob GetSigningProfile ListTagsForResource"),
            changes=(
                *actions("signer", "PutSigningProfile StartSigningJob Tag* Untag*"),
                "lambda:CreateCodeSigningConfig",
            ),
        ),
        Owned(
            title="Packages",
            resources=[f"{names.bucket_arn(environment, 'code')}/*"],
            reads=actions("s3", "GetObject GetObjectTagging GetObjectVersion"),
            changes=actions("s3", "PutObject PutObjectTagging"),
        ),
        Owned(
            title="Machines",
            resources=[arn(environment, "states", f"stateMachine:{prefix}")],
            reads=actions("states", "DescribeStateMachine List*"),
            changes=actions("states", "Create* Delete* Tag* Untag* Update*"),
        ),
        # Neither a definition that is only checked nor what EC2 describes has a resource, and the zone of an endpoint's
        # private names is AWS's own: docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html.
        Owned(
            title="Look",
            resources=EVERYTHING,
            reads=(
                "states:ValidateStateMachineDefinition",
                *actions(
                    "ec2",
                    "DescribeNetworkInterfaces DescribePrefixLists DescribeRouteTables DescribeSecurity* "
                    "DescribeSubnets DescribeVpc*",
                ),
            ),
            changes=actions("route53", "AssociateVPCWithHostedZone"),
        ),
        # Groups and endpoints get their ids when they are made.
        Owned(
            title="Network",
            resources=[arn(environment, "ec2", f"{kind}/*") for kind in kinds],
            changes=actions(
                "ec2",
                "Authorize* CreateSecurityGroup CreateTags CreateVpcEndpoint DeleteSecurityGroup DeleteTags "
                "DeleteVpcEndpoints ModifyVpcEndpoint Revoke*",
            ),
        ),
    )


def watching(environment: Environment) -> tuple[Owned, ...]:
    """Trail, buckets, logs, queries, topic, rules, schedules, alarms, dashboards and queues."""
    return (*_evidence(environment), *_alerts(environment))


def _evidence(environment: Environment) -> tuple[Owned, ...]:
    tables = f"{SERVICE}-{environment.name}".replace("-", "_")
    ours = names.named(environment, "*")
    groups = (f"/aws/lambda/{ours}", f"/aws/vendedlogs/states/{ours}", f"{names.TRAIL_LOG}*")
    return (
        Owned(
            title="Trail",
            resources=[names.trail_arn(environment)],
            reads=actions("cloudtrail", "Get* ListTags"),
            changes=actions("cloudtrail", "AddTags CreateTrail PutEventSelectors RemoveTags StartLogging UpdateTrail"),
        ),
        Owned(
            title="Buckets",
            resources=[names.bucket_arn(environment, what) for what in BUCKETS],
            # Settings are read by actions of these names: docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html
            reads=actions("s3", "Get*Configuration GetBucket* ListBucket"),
            changes=actions("s3", "CreateBucket Put*Configuration PutBucket*"),
        ),
        Owned(
            title="Queries",
            resources=[
                arn(environment, "athena", f"workgroup/{SERVICE}-{environment.name}*"),
                arn(environment, "glue", "catalog"),
                arn(environment, "glue", f"database/{tables}*"),
                arn(environment, "glue", f"table/{tables}*"),
            ],
            reads=(*actions("athena", "GetNamedQuery GetWorkGroup ListTagsForResource"), "glue:Get*"),
            changes=(
                *actions("athena", "Create* Delete* Tag* Untag* Update*"),
                *actions("glue", "Create* Delete* Tag* Untag* Update*"),
            ),
        ),
        Owned(
            title="Logs",
            resources=[arn(environment, "logs", f"log-group:{group}") for group in groups],
            reads=actions("logs", "DescribeMetricFilters ListTagsForResource"),
            changes=actions(
                "logs",
                "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteMetricFilter PutMetricFilter PutRetentionPolicy "
                "Tag* Untag*",
            ),
        ),
        # Lists and the account's own policies know no resource.
        Owned(
            title="Lists",
            resources=EVERYTHING,
            reads=(*actions("logs", "DescribeLogGroups DescribeResourcePolicies"), "cloudtrail:DescribeTrails"),
            changes=("logs:PutResourcePolicy",),
        ),
    )


def _alerts(environment: Environment) -> tuple[Owned, ...]:
    prefix = names.named(environment, "*")
    topic = names.topic_arn(environment)
    return (
        Owned(
            title="Topic",
            resources=[topic, f"{topic}:*"],  # a subscription's ARN is the topic's with an id behind it
            reads=actions("sns", "Get* ListTagsForResource"),
            changes=actions("sns", "CreateTopic DeleteTopic Set* Subscribe Tag* Unsubscribe Untag*"),
        ),
        Owned(
            title="Rules",
            resources=[
                arn(environment, "events", f"rule/{prefix}"),
                arn(environment, "scheduler", f"schedule/*/{prefix}"),
            ],
            reads=(*actions("events", "Describe* List*"), "scheduler:GetSchedule"),
            changes=(
                *actions("events", "Delete* Disable* Enable* Put* Remove* Tag* Untag*"),
                *actions("scheduler", "Create* Delete* Update*"),
            ),
        ),
        Owned(
            title="Alarms",
            resources=[
                arn(environment, "cloudwatch", f"alarm:{prefix}"),
                f"arn:aws:cloudwatch::{environment.account}:dashboard/{prefix}",
            ],
            reads=actions("cloudwatch", "DescribeAlarms GetDashboard ListTagsForResource"),
            changes=actions("cloudwatch", "Delete* Put* Tag* Untag*"),
        ),
        Owned(
            title="Queues",
            resources=[arn(environment, "sqs", prefix)],
            reads=actions("sqs", "GetQueueAttributes GetQueueUrl ListQueueTags"),
            changes=actions("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"),
        ),
    )
