"""The values in force, read from Secrets Manager into memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from backup.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"
BOOTSTRAP = "LLMOBS_BOOTSTRAP"  # stays for ever on the first version, which holds no credential


@dataclass(frozen=True, kw_only=True)
class Value:
    """A secret's value in force: its text exactly as stored, so that a restored one is the same to the byte."""

    name: str
    version_id: str
    kind: str
    document: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`without_value` have never had a value; `broken` could not be read, each with AWS's code or what is wrong."""

    values: Sequence[Value]
    without_value: Sequence[str]
    broken: Mapping[str, str]


def read(client: "SecretsManagerClient", settings: Settings) -> Reading:
    """Read every declared secret. One that is broken is named and does not keep the others from their backup."""
    values: list[Value] = []
    without_value: list[str] = []
    broken: dict[str, str] = {}
    for name, kind in sorted(settings.declared.items()):
        try:
            answer = client.get_secret_value(SecretId=settings.prefix + name, VersionStage=CURRENT)
        except ClientError as error:
            broken[name] = error.response.get("Error", {}).get("Code", "Unknown")
        except BotoCoreError as error:
            broken[name] = type(error).__name__
        else:
            # The label and the value are of one answer: what is listed may be five minutes old (API_ListSecrets.html).
            if BOOTSTRAP in answer["VersionStages"]:
                without_value.append(name)
            elif "SecretString" not in answer:
                broken[name] = "is binary, not text"
            else:
                document = answer["SecretString"]
                values.append(Value(name=name, version_id=answer["VersionId"], kind=kind, document=document))
    return Reading(values=values, without_value=without_value, broken=broken)
