"""Policy documents on their way into moto, which stores any text: one that AWS would refuse is refused.

Sources: https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html (MalformedPolicyDocumentException),
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (MalformedPolicy). IAM's own documents are
checked too: moto's check of them is looser.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from iam.document import PolicyKind
from sandbox.aws.access.documents import problem
from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Call

_IDENTITY, _RESOURCE, _TRUST = PolicyKind.IDENTITY, PolicyKind.RESOURCE, PolicyKind.TRUST
# Parameter, kind and error code, by service and operation.
_DOCUMENTS: Mapping[tuple[str, str], tuple[str, PolicyKind, str]] = {
    ("iam", "CreatePolicy"): ("PolicyDocument", _IDENTITY, "MalformedPolicyDocument"),
    ("iam", "CreatePolicyVersion"): ("PolicyDocument", _IDENTITY, "MalformedPolicyDocument"),
    ("iam", "CreateRole"): ("AssumeRolePolicyDocument", _TRUST, "MalformedPolicyDocument"),
    ("iam", "PutGroupPolicy"): ("PolicyDocument", _IDENTITY, "MalformedPolicyDocument"),
    ("iam", "PutRolePolicy"): ("PolicyDocument", _IDENTITY, "MalformedPolicyDocument"),
    ("iam", "PutUserPolicy"): ("PolicyDocument", _IDENTITY, "MalformedPolicyDocument"),
    ("iam", "UpdateAssumeRolePolicy"): ("PolicyDocument", _TRUST, "MalformedPolicyDocument"),
    ("kms", "CreateKey"): ("Policy", _RESOURCE, "MalformedPolicyDocumentException"),
    ("kms", "PutKeyPolicy"): ("Policy", _RESOURCE, "MalformedPolicyDocumentException"),
    ("s3", "PutBucketPolicy"): ("Policy", _RESOURCE, "MalformedPolicy"),
    ("sns", "CreateTopic"): ("Attributes", _RESOURCE, "InvalidParameter"),
    ("sqs", "CreateQueue"): ("Attributes", _RESOURCE, "InvalidAttributeValue"),
    ("sqs", "SetQueueAttributes"): ("Attributes", _RESOURCE, "InvalidAttributeValue"),
}


def check_written(call: Call) -> None:
    """Refuse a call that writes a text which is no policy; other calls pass."""
    expected = _DOCUMENTS.get((call.service, call.operation))
    if call.service == "sns" and call.operation == "SetTopicAttributes":
        expected = ("AttributeValue", _RESOURCE, "InvalidParameter")
        if call.parameters.get("AttributeName") != "Policy":
            return
    if expected is None:
        return
    parameter, kind, code = expected
    for text in _texts(call.parameters.get(parameter)):
        if (wrong := problem(text, kind)) is not None:
            raise AwsError(code, wrong)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = value.get("Policy")
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and value:
        yield value
