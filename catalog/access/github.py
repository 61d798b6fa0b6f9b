"""The workflows of the repository that change this program, and who may become their roles."""

from __future__ import annotations

from enum import StrEnum

from catalog.access.statement import Policy
from catalog.access.trust import GITHUB, web_identity
from catalog.environment import Environment

MAIN = "refs/heads/main"


class Workflow(StrEnum):
    """A workflow that has a role."""

    PREVIEW = "preview"
    DEPLOY = "deploy"


def workflow_trust(environment: Environment, workflow: Workflow) -> Policy:
    """Lets any pull request preview, and only a job of main in the protected environment deploy.

    GitHub signs no `id-token` for a pull request from a fork unless the repository says so. A job that names an
    environment has the environment as its subject, instead of its branch, so the branch is asked for beside it; who
    may run in the environment is set there, at GitHub: docs.github.com/actions/reference/openid-connect-reference.
    AWS looks at `ref` since January 2026; before, a token's aud, sub and amr were all that a trust policy saw:
    aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims
    """
    match workflow:
        case Workflow.PREVIEW:
            return web_identity(
                environment, "PullRequest", GITHUB, {"sub": f"repo:{environment.repository}:pull_request"}
            )
        case Workflow.DEPLOY:
            subject = f"repo:{environment.repository}:environment:{environment.name}"
            return web_identity(environment, "Main", GITHUB, {"sub": subject, "ref": MAIN})
