"""Amazon Athena: workgroups and saved queries."""

from collections.abc import Mapping

from sandbox.provider import faults
from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import TAGS, AutoName, Call, Property, ResourceType, block, flag, number, text
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws, unless_default

_RESULT: Mapping[str, Property] = {
    "aclConfiguration": block({"s3AclOption": text(required=True)}),
    "encryptionConfiguration": block({"encryptionOption": text(), "kmsKeyArn": text(aws="KmsKey")}),
    "expectedBucketOwner": text(),
    "outputLocation": text(),
}
_CONFIGURATION: Mapping[str, Property] = {
    "bytesScannedCutoffPerQuery": number(),
    "customerContentEncryptionConfiguration": block({"kmsKey": text(required=True)}),
    "enableMinimumEncryptionConfiguration": flag(default=False),
    "enforceWorkgroupConfiguration": flag(default=True, aws="EnforceWorkGroupConfiguration"),
    "engineVersion": block(
        {"effectiveEngineVersion": text(computed=True), "selectedEngineVersion": text(default="AUTO")},
        default={"selectedEngineVersion": "AUTO"},
    ),
    "executionRole": text(),
    "publishCloudwatchMetricsEnabled": flag(default=True, aws="PublishCloudWatchMetricsEnabled"),
    "requesterPaysEnabled": flag(default=False),
    "resultConfiguration": block(_RESULT),
}
# What a workgroup that was told nothing is like, without the engine that Athena chose for it.
_DEFAULT = {
    "enableMinimumEncryptionConfiguration": False,
    "enforceWorkgroupConfiguration": True,
    "publishCloudwatchMetricsEnabled": True,
    "requesterPaysEnabled": False,
}
# An update says by a flag of its own that one of these is not wanted any more (API_WorkGroupConfigurationUpdates).
_REMOVED = {
    "bytesScannedCutoffPerQuery": "RemoveBytesScannedCutoffPerQuery",
    "customerContentEncryptionConfiguration": "RemoveCustomerContentEncryptionConfiguration",
}
_REMOVED_RESULT = {
    "aclConfiguration": "RemoveAclConfiguration",
    "encryptionConfiguration": "RemoveEncryptionConfiguration",
    "expectedBucketOwner": "RemoveExpectedBucketOwner",
    "outputLocation": "RemoveOutputLocation",
}
_ENABLED = "ENABLED"


def _configuration(call: Call) -> Props:
    made = to_aws(_CONFIGURATION, call.new.get("configuration") or {})
    # Which version is in effect is Athena's to say.
    made["EngineVersion"] = {"SelectedEngineVersion": made["EngineVersion"]["SelectedEngineVersion"]}
    return made


def _create_group(call: Call) -> str:
    athena, new = call.client("athena"), call.new
    athena.create_work_group(
        Name=new["name"],
        Configuration=_configuration(call),
        Tags=tag_list(new.get("tags")),
        **call.given(Description="description"),
    )
    name = call.created(new["name"])
    if new["state"] != _ENABLED:
        # A workgroup is created enabled.
        athena.update_work_group(WorkGroup=name, State=new["state"])
    return name


def _missing(error: BaseException) -> bool:
    """Athena says that something is not there by the code of every other mistake."""
    return faults.code(error) == "InvalidRequestException" and "not found" in str(error)


def _read_group(call: Call) -> Props | None:
    athena = call.client("athena")
    try:
        live = athena.get_work_group(WorkGroup=call.id).get("WorkGroup")
    except Exception as exc:
        if _missing(exc):
            return None
        raise
    if live is None:
        return None
    arn = f"arn:{call.aws.partition}:athena:{call.aws.region}:{call.aws.account}:workgroup/{call.id}"
    configuration = from_aws(_CONFIGURATION, live.get("Configuration") or {})
    chosen = {name: value for name, value in configuration.items() if name != "engineVersion"}
    engine = (configuration.get("engineVersion") or {}).get("selectedEngineVersion", "AUTO")
    plain = unless_default(call, "configuration", chosen, _DEFAULT) is None and engine == "AUTO"
    return {
        "arn": arn,
        "name": live["Name"],
        "description": live.get("Description"),
        "state": live["State"],
        "configuration": None if plain else configuration,
        "tags": tag_map(athena.list_tags_for_resource(ResourceARN=arn).get("Tags")),
    }


def _update_group(call: Call) -> None:
    athena, new = call.client("athena"), call.new
    if call.changed("configuration", "description", "state"):
        athena.update_work_group(
            WorkGroup=call.id,
            Description=new.get("description") or "",
            State=new["state"],
            ConfigurationUpdates=_updates(call),
        )
    removed, added = tag_changes(call)
    if removed:
        athena.untag_resource(ResourceARN=call.state["arn"], TagKeys=removed)
    if added:
        athena.tag_resource(ResourceARN=call.state["arn"], Tags=tag_list(added))


def _updates(call: Call) -> Props:
    old, new = call.old.get("configuration") or {}, call.new.get("configuration") or {}
    made = _configuration(call)
    made |= {flag_: True for name, flag_ in _REMOVED.items() if old.get(name) and not new.get(name)}
    had, has = old.get("resultConfiguration") or {}, new.get("resultConfiguration") or {}
    result = made.pop("ResultConfiguration", {})
    result |= {flag_: True for name, flag_ in _REMOVED_RESULT.items() if had.get(name) and not has.get(name)}
    return {**made, **({"ResultConfigurationUpdates": result} if result else {})}


def _delete_group(call: Call) -> None:
    force = bool(call.state.get("forceDestroy"))
    try:
        call.client("athena").delete_work_group(WorkGroup=call.id, RecursiveDeleteOption=force)
    except Exception as exc:
        if not _missing(exc):
            raise


WORKGROUP = ResourceType(
    type_name="aws:athena/workgroup:Workgroup",
    inputs={
        "configuration": block(_CONFIGURATION),
        "description": text(),
        "forceDestroy": flag(default=False, unreadable=True),
        "name": text(replaces=True, computed=True),
        "state": text(default=_ENABLED, allowed=frozenset({_ENABLED, "DISABLED"})),
        "tags": TAGS,
    },
    create=_create_group,
    read=_read_group,
    update=_update_group,
    delete=_delete_group,
    identity=("name",),
    autoname=AutoName(prefix=None, max_length=128),
    verified=True,
)


def _create_query(call: Call) -> str:
    new = call.new
    answer = call.client("athena").create_named_query(
        Name=new["name"],
        Database=new["database"],
        QueryString=new["query"],
        WorkGroup=new["workgroup"],
        **call.given(Description="description"),
    )
    return str(answer["NamedQueryId"])


def _read_query(call: Call) -> Props | None:
    try:
        live = call.client("athena").get_named_query(NamedQueryId=call.id)["NamedQuery"]
    except Exception as exc:
        if _missing(exc):
            return None
        raise
    return {
        "name": live["Name"],
        "database": live["Database"],
        "description": live.get("Description"),
        "query": live["QueryString"],
        "workgroup": live.get("WorkGroup", "primary"),
    }


def _delete_query(call: Call) -> None:
    try:
        call.client("athena").delete_named_query(NamedQueryId=call.id)
    except Exception as exc:
        if not _missing(exc):
            raise


NAMED_QUERY = ResourceType(
    type_name="aws:athena/namedQuery:NamedQuery",
    inputs={
        "database": text(required=True, replaces=True),
        "description": text(replaces=True),
        "name": text(replaces=True, computed=True),
        "query": text(required=True, replaces=True),
        "workgroup": text(default="primary", replaces=True),
    },
    outputs=(),
    create=_create_query,
    read=_read_query,
    delete=_delete_query,
    autoname=AutoName(prefix=None, max_length=128),
    verified=True,
)

TYPES = (WORKGROUP, NAMED_QUERY)
