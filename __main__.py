"""Declares the secrets of one environment: `pulumi up --stack staging` or `prod`."""

import pulumi

from catalog import load
from components.aws.environment import SecretsEnvironment, SecretsEnvironmentArgs

try:
    catalog = load.catalog()
    environment = load.environment_from(pulumi.get_stack(), pulumi.Config().require_object("environment"))
    provider = pulumi.Config("aws")
    load.check_provider(environment, provider.get("region"), provider.get_object("allowedAccountIds"))
except load.CatalogError as exc:
    raise pulumi.RunError(str(exc)) from exc

programme = SecretsEnvironment(environment.name, SecretsEnvironmentArgs(environment=environment, catalog=catalog))

pulumi.export("secret_arns", programme.secret_arns)
pulumi.export("role_arns", programme.role_arns)
pulumi.export("emergency_arn", programme.emergency_arn)
