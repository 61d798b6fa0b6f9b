"""Athena and Glue: list_amazonathena.html and list_awsglue.html of the Service Authorization Reference.

A query that runs here reads nothing, so Glue, S3 and KMS are not asked on its caller's behalf as they are on AWS.
"""

from collections.abc import Iterator

from sandbox.aws.access.need import Asked, Need, Rule, anything, each, on


def _workgroup(asked: Asked) -> str:
    given = asked.text("ResourceARN")
    if given:
        return given
    found = asked.text("NamedQueryId", "QueryExecutionId")
    if found:
        return asked.look.workgroup(asked.region, found)
    return asked.arn("athena", f"workgroup/{asked.text('WorkGroup', 'Name') or 'primary'}")


def _named_workgroup(asked: Asked) -> str:
    """Of a new query: its own name is no name of a workgroup."""
    return asked.arn("athena", f"workgroup/{asked.text('WorkGroup') or 'primary'}")


def _each_workgroup(asked: Asked) -> Iterator[Need]:
    for query in asked.get("NamedQueryIds", "QueryExecutionIds") or []:
        yield Need(action=f"athena:{asked.operation}", resource=asked.look.workgroup(asked.region, str(query)))


ATHENA_RULES: dict[str, Rule] = {
    **each(
        "athena",
        _workgroup,
        "CreateWorkGroup DeleteNamedQuery DeleteWorkGroup GetNamedQuery GetQueryExecution GetQueryResults GetWorkGroup "
        "ListNamedQueries ListQueryExecutions ListTagsForResource StopQueryExecution TagResource UntagResource "
        "UpdateNamedQuery UpdateWorkGroup",
    ),
    **each("athena", _named_workgroup, "CreateNamedQuery StartQueryExecution"),
    "BatchGetNamedQuery": _each_workgroup,
    "BatchGetQueryExecution": _each_workgroup,
    "ListWorkGroups": on("athena:ListWorkGroups", anything),
}


def _catalog(asked: Asked) -> Iterator[Need]:
    yield Need(action=f"glue:{asked.operation}", resource=asked.arn("glue", "catalog"))


def _database(asked: Asked) -> Iterator[Need]:
    yield from _catalog(asked)
    given = asked.get("DatabaseInput")
    own = given.get("Name") if isinstance(given, dict) else None
    name = asked.text("DatabaseName") or asked.text("Name") or own or "*"
    yield Need(action=f"glue:{asked.operation}", resource=asked.arn("glue", f"database/{name}"))


def _table(asked: Asked) -> Iterator[Need]:
    """An action on a table is one on its database and on the catalogue too (glue-specifying-resource-arns.html)."""
    yield from _database(asked)
    given = asked.get("TableInput")
    own = given.get("Name") if isinstance(given, dict) else None
    name = asked.text("Name", "TableName") or own or "*"
    arn = asked.arn("glue", f"table/{asked.text('DatabaseName')}/{name}")
    yield Need(action=f"glue:{asked.operation}", resource=arn)


GLUE_RULES: dict[str, Rule] = {
    "GetDatabases": _catalog,
    **dict.fromkeys(("CreateDatabase", "DeleteDatabase", "GetDatabase", "UpdateDatabase"), _database),
    **dict.fromkeys(
        ("CreateTable", "DeleteTable", "GetPartition", "GetPartitions", "GetTable", "GetTables", "UpdateTable"), _table
    ),
    **each("glue", lambda asked: asked.text("ResourceArn"), "GetTags TagResource UntagResource"),
}
