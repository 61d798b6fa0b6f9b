"""AWS Lambda: code signing configurations: whose signatures count, and what happens to code without one."""

from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import TAGS, Call, ResourceType, block, strings, text
from sandbox.provider.values import Props

_POLICIES = frozenset({"Enforce", "Warn"})


def _settings(call: Call) -> Props:
    policies = call.new.get("policies")
    return {
        "AllowedPublishers": {"SigningProfileVersionArns": call.new["allowedPublishers"]["signingProfileVersionArns"]},
        **(
            {"CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policies["untrustedArtifactOnDeployment"]}}
            if policies
            else {}
        ),
    }


def _create(call: Call) -> str:
    answer = call.client("lambda").create_code_signing_config(
        **_settings(call), **call.given(Description="description", Tags="tags")
    )
    return str(answer["CodeSigningConfig"]["CodeSigningConfigArn"])


def _read(call: Call) -> Props | None:
    client = call.client("lambda")
    config = client.get_code_signing_config(CodeSigningConfigArn=call.id)["CodeSigningConfig"]
    policy = config["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"]
    return {
        "arn": config["CodeSigningConfigArn"],
        "configId": config["CodeSigningConfigId"],
        "lastModified": config["LastModified"],
        "allowedPublishers": {
            "signingProfileVersionArns": sorted(config["AllowedPublishers"]["SigningProfileVersionArns"])
        },
        "description": config.get("Description"),
        "policies": {"untrustedArtifactOnDeployment": policy},
        "tags": client.list_tags(Resource=call.id).get("Tags") or {},
    }


def _update(call: Call) -> None:
    client = call.client("lambda")
    if call.changed("allowedPublishers", "description", "policies"):
        client.update_code_signing_config(
            CodeSigningConfigArn=call.id, Description=call.new.get("description", ""), **_settings(call)
        )
    removed, added = tag_changes(call)
    if removed:
        client.untag_resource(Resource=call.id, TagKeys=removed)
    if added:
        client.tag_resource(Resource=call.id, Tags=added)


def _delete(call: Call) -> None:
    call.client("lambda").delete_code_signing_config(CodeSigningConfigArn=call.id)


CODE_SIGNING_CONFIG = ResourceType(
    type_name="aws:lambda/codeSigningConfig:CodeSigningConfig",
    inputs={
        "allowedPublishers": block({"signingProfileVersionArns": strings(required=True)}, required=True),
        "description": text(),
        "policies": block({"untrustedArtifactOnDeployment": text(required=True, allowed=_POLICIES)}, computed=True),
        "tags": TAGS,
    },
    outputs=("arn", "configId", "lastModified"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    volatile=("lastModified",),
    verified=True,
)

TYPES = (CODE_SIGNING_CONFIG,)
