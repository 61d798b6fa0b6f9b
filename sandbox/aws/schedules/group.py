"""The group that a schedule is in: what roles are told as aws:SourceArn, since a schedule by itself is none.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/doc-history.html (7 September 2023) and
cross-service-confused-deputy-prevention.html there.
"""

DEFAULT = "default"


def group_arn(*, region: str, account: str, name: str) -> str:
    """The ARN of the group `name`."""
    return f"arn:aws:scheduler:{region}:{account}:schedule-group/{name}"


def group_of(schedule_arn: str) -> str:
    """The ARN of the group of a schedule, `arn:aws:scheduler:<region>:<account>:schedule/<group>/<name>`."""
    _, _, _, region, account, path = schedule_arn.split(":", 5)
    return group_arn(region=region, account=account, name=path.split("/")[1])
