"""Acting as a role in the sandbox: whoever the role's trust policy names becomes it, in the way that AWS documents.

A person assumes it with a second factor, a workload brings its token, and for a service of AWS the local AWS itself
makes the session. Nothing is granted here: every way is judged against trust, tags and conditions.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

from catalog import names
from catalog.access.trust import GITHUB
from catalog.environment import Environment, Provider
from sandbox.aws.errors import SandboxError
from sandbox.aws.process import LocalAws
from sandbox.aws.settings import ADMINISTRATOR, ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET

OPERATOR = str(names.Duty.OPERATOR)
_WILDCARDS = str.maketrans({"*": "sandbox", "?": "0"})


class IdentityError(RuntimeError):
    """The role cannot be taken on; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Credentials of somebody in the sandbox; `token` is None for a long-term key."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def variables(self) -> Mapping[str, str]:
        """What makes AWS's clients sign as this identity."""
        found = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        return found | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})

    def client(self, cloud: LocalAws, service: str, region: str | None = None) -> Any:
        """A boto3 client of the local AWS."""
        create: Any = boto3.client
        return create(
            service,
            endpoint_url=cloud.endpoint,
            region_name=region or cloud.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            aws_session_token=self.token,
        )


ADMINISTRATOR_IDENTITY = Identity(access_key=ADMINISTRATOR_KEY, secret_key=ADMINISTRATOR_SECRET)
"""Who deploys: may do everything that no resource's policy denies."""


def acting_as(cloud: LocalAws, environment: Environment, what: str) -> Identity:
    """A session of the role of a consumer, a duty or a function, such as `api-server`, `operator`, `rotate-redis`.

    Raises:
        IdentityError: there is no such role, or it lets nobody in whom the sandbox can stand for.
    """
    iam = ADMINISTRATOR_IDENTITY.client(cloud, "iam")
    name = names.named(environment, what)
    try:
        role = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException as exc:
        roles = ", ".join(_others(iam, names.named(environment, "")))
        raise IdentityError(f"there is no role {name}; choose one of {roles or 'none: deploy first'}") from exc
    refusals = []
    for statement in _allowing(role["AssumeRolePolicyDocument"]):
        try:
            return _become(cloud, environment, role, statement)
        except (ClientError, SandboxError) as exc:
            refusals.append(str(exc))
    raise IdentityError(f"nobody here can become {name}: {'; '.join(refusals) or 'its trust policy lets nobody in'}")


def _become(
    cloud: LocalAws, environment: Environment, role: Mapping[str, Any], statement: Mapping[str, Any]
) -> Identity:
    given = dict(_wanted(statement))
    principal = statement["Principal"]
    if "Service" in principal:
        return _of_service(cloud, role, _first(principal["Service"]), given)
    if "Federated" in principal:
        provider = _first(principal["Federated"])
        _let_in(cloud, environment, provider, _issuer(provider))
        return _of_workload(cloud, role, _issuer(provider), given)
    return _of_person(cloud, role, given)


def _of_service(cloud: LocalAws, role: Mapping[str, Any], service: str, given: Mapping[str, str]) -> Identity:
    prefix = "aws:RequestTag/"
    made = cloud.ask(
        "POST",
        "sessions",
        {
            "role_arn": role["Arn"],
            "service": service,
            "session_name": role["RoleName"],
            "source_arn": given.get("aws:SourceArn"),
            "tags": {key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)},
        },
    )
    return _identity(made)


def _issuer(provider: str) -> str:
    return provider.partition(":oidc-provider/")[2]


def _of_workload(cloud: LocalAws, role: Mapping[str, Any], issuer: str, given: Mapping[str, str]) -> Identity:
    claims = {key.rpartition(":")[2]: value for key, value in given.items() if key.startswith(f"{issuer}:")}
    # The local AWS reads a token's claims and reaches no issuer to check who signed it.
    parts = ({"alg": "none"}, {"iss": f"https://{issuer}", **claims})
    token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."
    answer = ADMINISTRATOR_IDENTITY.client(cloud, "sts").assume_role_with_web_identity(
        RoleArn=role["Arn"],
        RoleSessionName=role["RoleName"],
        WebIdentityToken=token,
        DurationSeconds=role["MaxSessionDuration"],
    )
    return _identity(answer["Credentials"])


def _let_in(cloud: LocalAws, environment: Environment, provider: str, issuer: str) -> None:
    """The account's trust in an issuer, where the stack expects its owner to have declared it before."""
    declared = environment.cluster.oidc_provider if issuer != GITHUB else environment.repository_provider
    if declared is Provider.CREATED:
        return
    iam = ADMINISTRATOR_IDENTITY.client(cloud, "iam")
    known = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    if provider not in {entry["Arn"] for entry in known}:
        iam.create_open_id_connect_provider(Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"])


def _of_person(cloud: LocalAws, role: Mapping[str, Any], given: Mapping[str, str]) -> Identity:
    factor = {}
    if "aws:MultiFactorAuthPresent" in given:
        # A device whose seed nobody knows takes any six digits here: sandbox/aws/access/mfa.py.
        factor = {"SerialNumber": _device(cloud), "TokenCode": f"{secrets.randbelow(10**6):06d}"}
    answer = ADMINISTRATOR_IDENTITY.client(cloud, "sts").assume_role(
        RoleArn=role["Arn"],
        RoleSessionName=ADMINISTRATOR,
        DurationSeconds=role["MaxSessionDuration"],
        **factor,
    )
    return _identity(answer["Credentials"])


def _device(cloud: LocalAws) -> str:
    iam = ADMINISTRATOR_IDENTITY.client(cloud, "iam")
    serial = f"arn:aws:iam::{cloud.account}:mfa/{ADMINISTRATOR}"
    devices = iam.list_mfa_devices(UserName=ADMINISTRATOR)["MFADevices"]
    if serial not in {device["SerialNumber"] for device in devices}:
        iam.enable_mfa_device(
            UserName=ADMINISTRATOR, SerialNumber=serial, AuthenticationCode1="000000", AuthenticationCode2="000001"
        )
    return serial


def _allowing(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow" and isinstance(statement.get("Principal"), Mapping):
            yield statement


def _wanted(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the statement's conditions ask for: the first value of each key, a wildcard filled in."""
    for operator, keys in statement.get("Condition", {}).items():
        if "Not" not in operator and not operator.startswith(("Numeric", "Date", "Null")):
            for key, values in keys.items():
                yield key, str(_first(values)).translate(_WILDCARDS)


def _others(iam: Any, prefix: str) -> list[str]:
    pages = iam.get_paginator("list_roles").paginate()
    found = [role["RoleName"] for page in pages for role in page["Roles"]]
    return sorted(name.removeprefix(prefix) for name in found if name.startswith(prefix))


def _first(value: Any) -> str:
    return str(value if isinstance(value, str | bool) else value[0])


def _identity(credentials: Mapping[str, Any]) -> Identity:
    return Identity(
        access_key=credentials["AccessKeyId"],
        secret_key=credentials["SecretAccessKey"],
        token=credentials["SessionToken"],
    )
