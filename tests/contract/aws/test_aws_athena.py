"""Athena: workgroups and saved queries change and go.

Sources: https://docs.aws.amazon.com/athena/latest/APIReference/API_UpdateWorkGroup.html, API_DeleteWorkGroup.html,
API_UpdateNamedQuery.html and API_DeleteNamedQuery.html.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow
from tests.contract.aws.harness import PREFIX, ContractAws, error_of

pytestmark = pytest.mark.diverges
Group = tuple[Any, str]


@pytest.fixture
def group(aws: ContractAws) -> Iterator[Group]:
    athena, name = aws.client("athena"), f"{PREFIX}-{uuid.uuid4()}"
    athena.create_work_group(
        Name=name,
        Description="one",
        Configuration={
            "BytesScannedCutoffPerQuery": 20_000_000,
            "ResultConfiguration": {
                "OutputLocation": "s3://llmobs-contract/one/",
                "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
            },
        },
    )
    yield athena, name
    with contextlib.suppress(ClientError):  # the test may have deleted it
        athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


def saved(athena: Any, group: str) -> str:
    made = athena.create_named_query(Name="one", Database="d", QueryString="SELECT 1", WorkGroup=group)
    return str(made["NamedQueryId"])


def test_an_update_changes_what_it_names_and_keeps_the_rest(group: Group) -> None:
    """Source: API_WorkGroupConfigurationUpdates.html and API_ResultConfigurationUpdates.html."""
    athena, name = group
    updates = {
        "RemoveBytesScannedCutoffPerQuery": True,
        "EnforceWorkGroupConfiguration": True,
        "ResultConfigurationUpdates": {"OutputLocation": "s3://llmobs-contract/two/"},
    }
    athena.update_work_group(WorkGroup=name, Description="two", State="DISABLED", ConfigurationUpdates=updates)
    found = athena.get_work_group(WorkGroup=name)["WorkGroup"]
    assert (found["Description"], found["State"]) == ("two", "DISABLED")
    assert "BytesScannedCutoffPerQuery" not in found["Configuration"]
    assert found["Configuration"]["ResultConfiguration"] == {
        "OutputLocation": "s3://llmobs-contract/two/",
        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
    }


def test_a_setting_of_results_is_taken_away_by_name(group: Group) -> None:
    """Source: API_ResultConfigurationUpdates.html (RemoveEncryptionConfiguration)."""
    athena, name = group
    updates = {"ResultConfigurationUpdates": {"RemoveEncryptionConfiguration": True}}
    athena.update_work_group(WorkGroup=name, ConfigurationUpdates=updates)
    result = athena.get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]["ResultConfiguration"]
    assert result == {"OutputLocation": "s3://llmobs-contract/one/"}


def test_a_saved_query_is_rewritten_and_deleted(group: Group) -> None:
    """Source: API_UpdateNamedQuery.html and API_DeleteNamedQuery.html."""
    athena, name = group
    query = saved(athena, name)
    athena.update_named_query(NamedQueryId=query, Name="two", Description="d", QueryString="SELECT 2")
    found = athena.get_named_query(NamedQueryId=query)["NamedQuery"]
    assert (found["Name"], found["Description"], found["QueryString"]) == ("two", "d", "SELECT 2")
    athena.delete_named_query(NamedQueryId=query)
    with pytest.raises(ClientError) as missing:
        athena.get_named_query(NamedQueryId=query)
    assert error_of(missing.value)[0] == "InvalidRequestException"
    assert query not in athena.list_named_queries(WorkGroup=name)["NamedQueryIds"]


def test_a_workgroup_goes_with_what_it_holds_only_when_that_is_asked_for(group: Group) -> None:
    """Source: API_DeleteWorkGroup.html (RecursiveDeleteOption)."""
    athena, name = group
    query = saved(athena, name)
    with pytest.raises(ClientError, match="not empty"):
        athena.delete_work_group(WorkGroup=name)
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
    with pytest.raises(ClientError):
        athena.get_named_query(NamedQueryId=query)


def test_a_workgroup_that_is_not_there_is_told(group: Group) -> None:
    """Source: API_GetWorkGroup.html (InvalidRequestException)."""
    athena, name = group
    athena.delete_work_group(WorkGroup=name)
    with pytest.raises(ClientError, match="not found") as missing:
        athena.get_work_group(WorkGroup=name)
    assert error_of(missing.value)[0] == "InvalidRequestException"


def test_a_query_is_judged_by_its_workgroup(aws: ContractAws, group: Group) -> None:
    """Source: https://docs.aws.amazon.com/athena/latest/ug/workgroups-iam-policy.html."""
    athena, name = group
    query = saved(athena, name)
    resource = f"arn:aws:athena:{aws.region}:{aws.account}:workgroup/{name}"
    actions = ["athena:GetNamedQuery", "athena:StartQueryExecution"]
    own = aws.as_role(allow(actions, resource)).client("athena")
    other = aws.as_role(allow(actions, f"{resource}-other")).client("athena")
    assert own.get_named_query(NamedQueryId=query)["NamedQuery"]["Name"] == "one"
    assert denied(lambda: other.get_named_query(NamedQueryId=query))
    assert denied(lambda: other.start_query_execution(QueryString="SELECT 1", WorkGroup=name))
    assert denied(lambda: own.delete_named_query(NamedQueryId=query))


def denied(call: Callable[[], object]) -> bool:
    with pytest.raises(ClientError) as error:
        call()
    return error_of(error.value)[0] == "AccessDeniedException"
