"""An identity provider of the account: whose tokens roles may trust."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive
from catalog.access.trust import AUDIENCE
from catalog.environment import Environment


@dataclass(frozen=True, kw_only=True)
class TokenIssuerArgs:
    """`issuer` is the host and path of the tokens' issuer, without https://."""

    environment: Environment
    issuer: str


class TokenIssuer(pulumi.ComponentResource):
    """An OpenID Connect provider for tokens that are meant for AWS.

    No thumbprint: AWS trusts the certificate authorities of EKS and of GitHub by itself
    (docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html).
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: TokenIssuerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:identity:TokenIssuer", name, None, opts)
        provider = aws.iam.OpenIdConnectProvider(
            name,
            url=f"https://{args.issuer}",
            client_id_lists=[AUDIENCE],
            tags=derive.environment_tags(args.environment),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = provider.arn
        self.register_outputs({"arn": provider.arn})
