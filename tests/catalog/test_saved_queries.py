"""The saved queries ask the table that there is, for what the catalogue says."""

import re

import pytest

from catalog import load, names, record
from catalog.derive import secret_name
from catalog.model import Secret
from catalog.queries import CHANGES, Query, queries

CATALOG = load.catalog()
STAGING, PROD = load.environment("staging"), load.environment("prod")
QUERIES = {query.name: query for query in queries(PROD, CATALOG)}
# What Athena's SQL has of its own, of all that these queries use.
WORDS = frozenset(
    re.findall(
        r"\w+",
        "select as from where and or is null not in group by order desc asc having distinct interval day current_date",
    )
)
FUNCTIONS = frozenset(
    re.findall(
        r"\w+",
        "array_agg coalesce count date_format json_extract json_extract_scalar json_format max min regexp_like strpos",
    )
)
FIELDS = set(re.findall(r"(\w+):", record.COLUMNS["useridentity"]))


def bare(query: Query) -> str:
    """The SQL without texts in quotes."""
    return re.sub(r"'[^']*'", "''", query.sql)


@pytest.fixture(params=QUERIES)
def query(request: pytest.FixtureRequest) -> Query:
    return QUERIES[request.param]


def test_every_question_that_an_auditor_has_is_saved() -> None:
    assert QUERIES.keys() == {
        "who-read-what",
        "failed-reads",
        "new-principals",
        "reads-of-one-secret",
        "policy-and-key-changes",
        "break-glass-sessions",
        "decoy-reads",
    }


def test_a_query_uses_columns_of_the_table_and_nothing_unknown(query: Query) -> None:
    text = bare(query).replace(f'"{record.database(PROD)}"."{record.TABLE}"', "")
    aliases = set(re.findall(r"\bAS (\w+)", text))
    known = {*record.COLUMNS, *record.PARTITIONS, *WORDS, *aliases}
    for path in re.findall(r"[a-z_]\w*(?:\.\w+)*(?!\w|\.)", text, re.IGNORECASE):
        first, *rest = path.lower().split(".")
        assert first in known | FUNCTIONS, f"{path} is not in the table"
        assert set(rest) <= FIELDS, f"{path} is not in {first}"
        assert not rest or first == "useridentity"


def test_a_function_is_called_and_a_column_is_not(query: Query) -> None:
    called = set(re.findall(r"(\w+)\(", bare(query)))
    assert called - {"IN", "AND", "OR"} <= FUNCTIONS


def test_a_query_is_whole(query: Query) -> None:
    text = bare(query)
    assert query.sql.count("'") % 2 == 0
    assert text.count("(") == text.count(")")
    assert "$" not in text
    assert [line.split()[0] for line in query.sql.splitlines() if line[:1].isupper()][:3] == ["SELECT", "FROM", "WHERE"]


def test_a_query_reads_the_days_that_it_needs_and_no_more(query: Query) -> None:
    assert re.search(r"WHERE day >= date_format\(current_date - interval '\d+' day, '%Y/%m/%d'\)", query.sql)


def test_no_query_looks_further_back_than_log_files_are_at_hand() -> None:
    # What moved to Glacier is passed over without a word.
    for environment in (STAGING, PROD):
        for query in queries(environment, CATALOG):
            days = [int(number) for number in re.findall(r"interval '(\d+)' day", query.sql)]
            assert max(days) <= environment.audit.archive_after_days


def test_new_principals_compares_this_week_with_the_four_weeks_before() -> None:
    sql = QUERIES["new-principals"].sql
    assert "WHERE day >= date_format(current_date - interval '35' day" in sql
    assert "HAVING min(day) >= date_format(current_date - interval '7' day" in sql


def test_one_secret_is_asked_for_by_a_parameter() -> None:
    assert [name for name, query in QUERIES.items() if "?" in bare(query)] == ["reads-of-one-secret"]


def test_break_glass_is_the_role_of_the_environment() -> None:
    assert QUERIES["break-glass-sessions"].sql.count(names.role_arn(PROD, names.Duty.BREAK_GLASS)) == 2


@pytest.mark.parametrize("decoy", CATALOG.decoys, ids=lambda secret: secret.name)
def test_a_decoy_is_found_by_name_by_arn_and_in_a_list_and_its_neighbours_are_not(decoy: Secret) -> None:
    name = secret_name(PROD, decoy)
    found = re.search(r"regexp_like\(.*, '(\(\^.*)'\)$", QUERIES["decoy-reads"].sql, re.MULTILINE)
    assert found
    pattern = re.compile(found[1])
    arn = f"arn:aws:secretsmanager:us-east-1:{PROD.account}:secret:{name}-AbCdEf"
    for asked in (name, arn, f'["other","{name}"]', f'["{arn}"]'):
        assert pattern.search(asked), asked
    for other in (f"{name}-of-another", f"x{name}", "llm-observatory/prod/db-password"):
        assert not pattern.search(other), other


def test_changes_of_the_record_itself_are_among_the_changes() -> None:
    assert {"StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutBucketPolicy"} <= set(CHANGES)
    assert list(CHANGES) == sorted(set(CHANGES))


def test_the_files_of_a_day_lie_where_the_table_looks() -> None:
    template = record.projection(PROD)["storage.location.template"]
    assert template == f"{record.location(PROD)}/${{region}}/${{day}}"
    assert set(re.findall(r"\$\{(\w+)\}", template)) == set(record.PARTITIONS)


def test_the_table_covers_both_regions_and_as_many_days_as_files_are_locked() -> None:
    found = record.projection(PROD)
    assert {PROD.region, PROD.replica_region} <= set(found["projection.region.values"].split(","))
    assert found["projection.day.range"] == "NOW-731DAYS,NOW"
