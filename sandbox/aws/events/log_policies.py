"""Whether EventBridge may write to a log group, by the resource policies of CloudWatch Logs.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (CloudWatch Logs).
"""

from moto.logs.models import logs_backends

from iam.context import Context
from iam.document import PolicyKind
from iam.evaluate import Policies, decide
from iam.principal import Principal
from iam.request import Request
from sandbox.aws.access.documents import Document, parsed
from sandbox.aws.errors import AwsError
from sandbox.aws.memory.memory import Memory

_PRINCIPALS = ("events.amazonaws.com", "delivery.logs.amazonaws.com")
_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


class LogPolicies:
    """Reads the policies of one account."""

    def __init__(self, *, account: str, memory: Memory) -> None:
        """The policies are moto's."""
        self._account = account
        self._memory = memory

    def allow(self, group_arn: str, stream: str, *, source_arn: str) -> bool:
        """Whether a rule may make and write the stream of a group."""
        region = group_arn.split(":")[3]
        with self._memory.read():
            texts = [one.policy_document for one in logs_backends[self._account][region].resource_policies.values()]
        resource = f"{group_arn.removesuffix(':*')}:log-stream:{stream}"
        given = Context({"aws:SourceAccount": self._account, "aws:SourceArn": source_arn})
        return any(self._allows(texts, principal, resource, given) for principal in _PRINCIPALS)

    def _allows(self, texts: list[str], principal: str, resource: str, given: Context) -> bool:
        try:
            policies = [parsed(Document(name="log policy", text=text), PolicyKind.RESOURCE) for text in texts]
        except AwsError:
            return False
        for action in _ACTIONS:
            request = Request(
                principal=Principal.service(principal),
                action=action,
                resource=resource,
                resource_account=self._account,
                given=given,
            )
            if not any(decide(request, Policies(resource=policy)).allowed for policy in policies):
                return False
        return True
