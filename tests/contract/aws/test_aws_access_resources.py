"""Resource policies of topics, queues and buckets, global condition keys, groups, and ARNs of other services.

Sources: the Service Authorization Reference and IAM's user guide (pages named in the tests).
"""

import pytest

from tests.contract.aws.actors import allow, deny, document, refused, trust
from tests.contract.aws.harness import PREFIX, ContractAws, eventually, token

pytestmark = pytest.mark.diverges
DENIED = "AccessDeniedException"


def _name() -> str:
    return f"{PREFIX}-{token()}"


def test_a_topic_and_a_queue_take_from_whom_their_policies_let_in(aws: ContractAws) -> None:
    """Source: SNS, sns-access-policy-use-cases.html; SQS, sqs-basic-examples-of-sqs-policies.html."""
    role, stranger = aws.as_role(), aws.as_role()
    sns, sqs, name = aws.client("sns"), aws.client("sqs"), _name()
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    principal = {"Principal": {"AWS": role.arn}}
    topic_policy = document({**allow("sns:Publish", topic), **principal})
    queue_policy = document({**allow("sqs:SendMessage", arn), **principal})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=topic_policy)
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": queue_policy})
    try:
        assert role.client("sns").publish(TopicArn=topic, Message="x")["MessageId"]
        assert role.client("sqs").send_message(QueueUrl=queue, MessageBody="x")["MessageId"]
        assert refused(stranger.client("sns").publish, TopicArn=topic, Message="x")[0] == "AuthorizationError"
        assert refused(stranger.client("sqs").send_message, QueueUrl=queue, MessageBody="x")[0] == "AccessDenied"
        assert refused(role.client("sqs").receive_message, QueueUrl=queue)[0] == "AccessDenied"
    finally:
        sns.delete_topic(TopicArn=topic)
        sqs.delete_queue(QueueUrl=queue)


def test_a_bucket_can_deny_what_does_not_come_over_tls(aws: ContractAws) -> None:
    """Source: S3, userguide/security-best-practices.html (aws:SecureTransport); list_amazons3.html for the actions."""
    bucket, s3 = _name(), aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="in/a", Body=b"x")
    arn = f"arn:aws:s3:::{bucket}"
    reader = aws.as_role(
        allow("s3:ListBucket", arn, StringLike={"s3:prefix": "in/*"}), allow("s3:GetObject", f"{arn}/in/*")
    ).client("s3")
    everyone = {"Principal": "*"}
    plain = {**deny("s3:*", [arn, f"{arn}/*"], Bool={"aws:SecureTransport": "false"}), **everyone}
    secure = {**deny("s3:GetObject", f"{arn}/*", Bool={"aws:SecureTransport": "true"}), **everyone}
    try:
        s3.put_bucket_policy(Bucket=bucket, Policy=document(plain))
        assert reader.get_object(Bucket=bucket, Key="in/a")["Body"].read() == b"x"
        assert reader.list_objects_v2(Bucket=bucket, Prefix="in/")["KeyCount"] == 1
        assert refused(reader.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
        assert refused(reader.put_object, Bucket=bucket, Key="in/b", Body=b"x")[0] == "AccessDenied"
        s3.put_bucket_policy(Bucket=bucket, Policy=document(secure))
        assert refused(reader.get_object, Bucket=bucket, Key="in/a")[0] == "AccessDenied"
    finally:
        s3.delete_bucket_policy(Bucket=bucket)
        s3.delete_object(Bucket=bucket, Key="in/a")
        s3.delete_bucket(Bucket=bucket)


def test_the_circumstances_of_a_request_are_judged(aws: ContractAws) -> None:
    """Source: IAM, reference_policies_condition-keys.html (global condition keys)."""
    if aws.kind == "real":
        pytest.skip("the address of the tester is not known")
    user = aws.as_user()
    here = {
        "StringEquals": {
            "aws:username": user.name,
            "aws:RequestedRegion": aws.region,
            "aws:PrincipalAccount": aws.account,
            "aws:PrincipalType": "User",
            "aws:ResourceAccount": aws.account,
        },
        "StringLike": {"aws:UserAgent": "*Boto3*", "aws:userid": "AIDA*"},
        "ArnEquals": {"aws:PrincipalArn": user.arn},
        "IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
        "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
        "NumericGreaterThan": {"aws:EpochTime": "1500000000"},
        "Bool": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"},
        "Null": {"aws:MultiFactorAuthPresent": "true"},
    }
    name = aws.secret()
    other = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    iam, read = aws.client("iam"), "secretsmanager:GetSecretValue"
    sm = user.client("secretsmanager")
    iam.put_user_policy(UserName=user.name, PolicyName="contract", PolicyDocument=document(allow(read, "*", **here)))
    assert eventually(lambda: sm.get_secret_value(SecretId=name))["SecretString"] == "first"
    iam.put_user_policy(UserName=user.name, PolicyName="contract", PolicyDocument=document(allow(read, "*", **other)))
    assert refused(sm.get_secret_value, SecretId=name)[0] == DENIED


def test_a_boundary_can_be_demanded_of_new_roles(aws: ContractAws) -> None:
    """Source: IAM, access_policies_boundaries.html#access_policies_boundaries-delegate (iam:PermissionsBoundary)."""
    boundary = f"arn:aws:iam::{aws.account}:policy/{PREFIX}-{token()}"
    name = boundary.rpartition("/")[2]
    aws.client("iam").create_policy(PolicyName=name, PolicyDocument=document(allow("s3:*")))
    delegate = aws.as_role(allow("iam:CreateRole", "*", StringEquals={"iam:PermissionsBoundary": boundary}))
    iam = delegate.client("iam")
    new = {"RoleName": _name(), "AssumeRolePolicyDocument": document(trust({"Service": "lambda.amazonaws.com"}))}
    aws.roles.append(new["RoleName"])
    assert refused(iam.create_role, **new)[0] == "AccessDenied"
    assert iam.create_role(**new, PermissionsBoundary=boundary)["Role"]["RoleName"] == new["RoleName"]
    aws.client("iam").delete_role(RoleName=new["RoleName"])
    aws.client("iam").delete_policy(PolicyArn=boundary)


def test_a_group_gives_its_members_its_policies(aws: ContractAws) -> None:
    """Source: IAM, id_groups.html."""
    member, other, group = aws.as_user(), aws.as_user(), _name()
    iam = aws.client("iam")
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="contract", PolicyDocument=document(allow("iam:ListUsers")))
    iam.add_user_to_group(GroupName=group, UserName=member.name)
    try:
        assert member.client("iam").list_users(MaxItems=1)
        assert refused(other.client("iam").list_users)[0] == "AccessDenied"
    finally:
        iam.remove_user_from_group(GroupName=group, UserName=member.name)
        iam.delete_group_policy(GroupName=group, PolicyName="contract")
        iam.delete_group(GroupName=group)


def test_log_groups_metrics_and_trails_are_judged_by_their_arns(aws: ContractAws) -> None:
    """Source: list_amazoncloudwatchlogs.html, list_amazoncloudwatch.html."""
    own, other, logs = f"/{_name()}", f"/{_name()}", aws.client("logs")
    for group in (own, other):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    arn = f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{own}:*"
    metric = {"Namespace": "Own", "MetricData": [{"MetricName": "m", "Value": 1.0}]}
    role = aws.as_role(
        allow(["logs:PutLogEvents", "logs:CreateLogStream"], arn),
        allow("cloudwatch:PutMetricData", "*", StringEquals={"cloudwatch:namespace": "Own"}),
    )
    events = {"logStreamName": "s", "logEvents": [{"timestamp": 1700000000000, "message": "x"}]}
    try:
        assert "nextSequenceToken" in role.client("logs").put_log_events(logGroupName=own, **events)
        role.client("logs").create_log_stream(logGroupName=own, logStreamName="t")
        assert refused(role.client("logs").put_log_events, logGroupName=other, **events)[0] == DENIED
        role.client("cloudwatch").put_metric_data(**metric)
        denied = refused(role.client("cloudwatch").put_metric_data, **{**metric, "Namespace": "Other"})[0]
        assert denied.startswith("AccessDenied")
    finally:
        for group in (own, other):
            logs.delete_log_group(logGroupName=group)
