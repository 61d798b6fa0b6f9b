"""What the repository's workflows become: one that previews a pull request, one that deploys main."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.deploy import BOUNDARY, deploy_boundary, workflow_policy
from catalog.access.github import Workflow, workflow_trust
from catalog.access.trust import GITHUB
from catalog.environment import Environment, Provider
from components.aws.identity import TokenIssuer, TokenIssuerArgs
from components.aws.role import BoundedRole, BoundedRoleArgs

_DESCRIPTIONS = {
    Workflow.PREVIEW: "Looks at the settings of the secrets programme, for any pull request",
    Workflow.DEPLOY: "Changes the settings of the secrets programme, from main and the protected environment",
}


@dataclass(frozen=True, kw_only=True)
class GitHubAccessArgs:
    """Whose workflows: those of `environment.repository`."""

    environment: Environment


class GitHubAccess(pulumi.ComponentResource):
    """Roles for workflows without any stored credential, under a boundary that neither of them can change."""

    role_arns: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: GitHubAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:github:GitHubAccess", name, None, opts)
        environment = args.environment
        child = pulumi.ResourceOptions(parent=self)
        if environment.repository_provider is Provider.CREATED:
            TokenIssuer(name, TokenIssuerArgs(environment=environment, issuer=GITHUB), child)
        boundary = aws.iam.Policy(
            BOUNDARY,
            name=names.named(environment, BOUNDARY),
            description="The most that a workflow of the secrets programme can do",
            policy=json.dumps(deploy_boundary(environment)),
            tags=derive.environment_tags(environment),
            opts=child,
        )
        roles = {
            str(workflow): BoundedRole(
                workflow,
                BoundedRoleArgs(
                    environment=environment,
                    what=workflow,
                    description=_DESCRIPTIONS[workflow],
                    trust=workflow_trust(environment, workflow),
                    policy=workflow_policy(environment, workflow),
                    boundary_arn=boundary.arn,
                ),
                child,
            )
            for workflow in Workflow
        }
        self.role_arns = {workflow: role.arn for workflow, role in roles.items()}
        self.register_outputs({"role_arns": self.role_arns})
