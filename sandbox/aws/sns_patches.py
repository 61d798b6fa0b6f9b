"""moto's SNS shows which signature a topic's messages get, which it takes and does not tell.

Source: https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html: version 1 unless the topic was given 2.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sns.responses import SNSResponse


def install_sns_patches() -> None:
    """Change moto for the life of the process."""
    show = SNSResponse.get_topic_attributes

    def get_topic_attributes(response: SNSResponse) -> ActionResult:
        answer = show(response)
        shown: Any = answer.result
        topic = response.backend.get_topic(shown["Attributes"]["TopicArn"])
        shown["Attributes"]["SignatureVersion"] = str(getattr(topic, "signature_version", "1"))
        return answer

    SNSResponse.get_topic_attributes = get_topic_attributes  # type: ignore[method-assign, assignment]
