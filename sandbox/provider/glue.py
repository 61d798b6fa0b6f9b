"""AWS Glue: the databases and tables of the Data Catalog, which Athena reads."""

from collections.abc import Mapping

from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import (
    TAGS,
    AutoName,
    Call,
    Kind,
    Property,
    ResourceType,
    block,
    blocks,
    flag,
    number,
    strings,
    text,
)
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

_MAP = Property(kind=Kind.MAP)
_LIST = Property(kind=Kind.LIST)
_LINK = {"catalogId": text(required=True), "databaseName": text(required=True), "region": text()}
_DATABASE: Mapping[str, Property] = {
    "createTableDefaultPermissions": blocks(
        {"permissions": strings(), "principal": block({"dataLakePrincipalIdentifier": text()})}, computed=True
    ),
    "description": text(),
    "locationUri": text(computed=True),
    "parameters": _MAP,
    "targetDatabase": block(_LINK, replaces=True),
}


def _catalog(call: Call) -> str:
    return str(call.new.get("catalogId") or call.aws.account)


def _arn(call: Call, catalog: str, path: str) -> str:
    return f"arn:{call.aws.partition}:glue:{call.aws.region}:{catalog}:{path}"


def _database_input(call: Call) -> Props:
    return {"Name": call.new["name"], **to_aws(_DATABASE, call.new)}


def _create_database(call: Call) -> str:
    catalog = _catalog(call)
    call.client("glue").create_database(
        CatalogId=catalog, DatabaseInput=_database_input(call), Tags=call.new.get("tags") or {}
    )
    return f"{catalog}:{call.new['name']}"


def _read_database(call: Call) -> Props | None:
    glue = call.client("glue")
    catalog, _, name = call.id.partition(":")
    live = glue.get_database(CatalogId=catalog, Name=name)["Database"]
    arn = _arn(call, catalog, f"database/{name}")
    return {
        **from_aws(_DATABASE, live),
        "arn": arn,
        "catalogId": catalog,
        "name": live["Name"],
        "tags": glue.get_tags(ResourceArn=arn).get("Tags") or {},
    }


def _update_database(call: Call) -> None:
    glue = call.client("glue")
    catalog, _, name = call.id.partition(":")
    if call.changed(*_DATABASE):
        glue.update_database(CatalogId=catalog, Name=name, DatabaseInput=_database_input(call))
    removed, added = tag_changes(call)
    if removed:
        glue.untag_resource(ResourceArn=call.state["arn"], TagsToRemove=removed)
    if added:
        glue.tag_resource(ResourceArn=call.state["arn"], TagsToAdd=added)


def _delete_database(call: Call) -> None:
    catalog, _, name = call.id.partition(":")
    call.client("glue").delete_database(CatalogId=catalog, Name=name)


DATABASE = ResourceType(
    type_name="aws:glue/catalogDatabase:CatalogDatabase",
    inputs={
        **_DATABASE,
        "catalogId": text(replaces=True, computed=True),
        "name": text(replaces=True, computed=True),
        "tags": TAGS,
    },
    create=_create_database,
    read=_read_database,
    update=_update_database,
    delete=_delete_database,
    identity=("name",),
    autoname=AutoName(prefix=None, max_length=255, lower=True),
    verified=True,
)

_COLUMN = {"comment": text(), "name": text(required=True), "parameters": _MAP, "type": text()}
_SCHEMA_ID = {"registryName": text(), "schemaArn": text(), "schemaName": text()}
_STORAGE: Mapping[str, Property] = {
    "additionalLocations": _LIST,
    "bucketColumns": _LIST,
    "columns": blocks(_COLUMN, ordered=True),
    "compressed": flag(default=False),
    "inputFormat": text(),
    "location": text(computed=True),
    "numberOfBuckets": number(default=0),
    "outputFormat": text(),
    "parameters": _MAP,
    "schemaReference": block(
        {
            "schemaId": block(_SCHEMA_ID),
            "schemaVersionId": text(),
            "schemaVersionNumber": number(required=True),
        }
    ),
    "serDeInfo": block({"name": text(), "parameters": _MAP, "serializationLibrary": text()}, aws="SerdeInfo"),
    "skewedInfo": block(
        {"skewedColumnNames": _LIST, "skewedColumnValueLocationMaps": _MAP, "skewedColumnValues": _LIST}
    ),
    "sortColumns": blocks({"column": text(required=True), "sortOrder": number(required=True)}, ordered=True),
    "storedAsSubDirectories": flag(default=False),
}
_TABLE: Mapping[str, Property] = {
    "description": text(),
    "owner": text(),
    "parameters": _MAP,
    "partitionKeys": blocks(_COLUMN, ordered=True),
    "retention": number(default=0),
    "storageDescriptor": block(_STORAGE),
    "tableType": text(),
    "targetTable": block({**_LINK, "name": text(required=True)}),
    "viewExpandedText": text(),
    "viewOriginalText": text(),
}


def _table_input(call: Call) -> Props:
    return {"Name": call.new["name"], **to_aws(_TABLE, call.new)}


def _table_place(call: Call) -> tuple[str, str, str]:
    catalog, database, name = call.id.split(":", 2)
    return catalog, database, name


def _create_table(call: Call) -> str:
    catalog, database = _catalog(call), call.new["databaseName"]
    call.client("glue").create_table(CatalogId=catalog, DatabaseName=database, TableInput=_table_input(call))
    return f"{catalog}:{database}:{call.new['name']}"


def _read_table(call: Call) -> Props | None:
    catalog, database, name = _table_place(call)
    live = call.client("glue").get_table(CatalogId=catalog, DatabaseName=database, Name=name)["Table"]
    return {
        **from_aws(_TABLE, live),
        "arn": _arn(call, catalog, f"table/{database}/{name}"),
        "catalogId": catalog,
        "databaseName": database,
        "name": live["Name"],
    }


def _update_table(call: Call) -> None:
    catalog, database, _name = _table_place(call)
    call.client("glue").update_table(CatalogId=catalog, DatabaseName=database, TableInput=_table_input(call))


def _delete_table(call: Call) -> None:
    catalog, database, name = _table_place(call)
    call.client("glue").delete_table(CatalogId=catalog, DatabaseName=database, Name=name)


TABLE = ResourceType(
    type_name="aws:glue/catalogTable:CatalogTable",
    inputs={
        **_TABLE,
        "catalogId": text(replaces=True, computed=True),
        "databaseName": text(required=True, replaces=True),
        "name": text(replaces=True, computed=True),
    },
    create=_create_table,
    read=_read_table,
    update=_update_table,
    delete=_delete_table,
    identity=("databaseName", "name"),
    autoname=AutoName(prefix=None, max_length=255, lower=True),
    verified=True,
)

TYPES = (DATABASE, TABLE)
