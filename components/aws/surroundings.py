"""What every function of an environment shares with the others: network, signing, keys, alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from catalog.environment import Environment


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Handed to every function; `topic_arn` is where its alarms go, `code_bucket` holds its package.

    `internet_group_id` is the security group of functions whose issuers are outside of the VPC.
    """

    environment: Environment
    boundary_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]
    topic_arn: pulumi.Input[str]
    subnet_ids: Sequence[str]
    security_group_id: pulumi.Input[str]
    internet_group_id: pulumi.Input[str]
    code_bucket: pulumi.Input[str]
    signing_profile: pulumi.Input[str]
    code_signing_arn: pulumi.Input[str]
