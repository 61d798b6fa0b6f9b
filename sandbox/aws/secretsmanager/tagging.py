"""TagResource and UntagResource.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html; at most 50 tags:
general/latest/gr/aws_tagging.html.
"""

from collections.abc import Mapping
from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result

MAX_TAGS = 50


def check_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags, if AWS allows them: at most 50, no reserved `aws:` key."""
    if len(tags) > MAX_TAGS:
        raise AwsError("InvalidParameterException", f"{len(tags)} tags were given; at most {MAX_TAGS} are allowed.")
    reserved = next((key for key in tags if key.lower().startswith("aws:")), None)
    if reserved is not None:
        raise AwsError("InvalidParameterException", f"Tag key '{reserved}' uses the reserved prefix aws:.")
    return tags


def tag_resource(context: Context, request: Request) -> Result:
    """Add tags, replacing the values of keys that are there."""
    added = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        tags = check_tags({**secret.tags, **added})
        context.save(replace(secret, tags=tags, changed=context.clock()))
    return {}


def untag_resource(context: Context, request: Request) -> Result:
    """Remove tags; a key that is not there is no error."""
    gone = set(request["TagKeys"])
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        tags = {key: value for key, value in secret.tags.items() if key not in gone}
        if tags != secret.tags:
            context.save(replace(secret, tags=tags, changed=context.clock()))
    return {}
