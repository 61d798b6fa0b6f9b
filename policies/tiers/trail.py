"""The trail: every call in every region is on record, encrypted, and provably complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.baseline import resource_types, setting
from policies.baseline.setting import Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.view import UNKNOWN, Resource, Stack, Value

_CLAUSES = {
    Standard.PCI_DSS: ("10.2.1", "10.3.4"),
    Standard.SOC_2: ("CC7.2",),
    Standard.HIPAA: ("164.312(b)",),
    Standard.ISO_27001: ("A.8.15",),
    Standard.NIST_800_53: ("AU-2", "AU-12"),
}
_SETTINGS = (
    Setting(
        property="isMultiRegionTrail",
        holds=setting.is_true,
        required="true: a secret's copy is read in another region",
        fix="is_multi_region_trail=True,",
    ),
    Setting(
        property="includeGlobalServiceEvents",
        holds=setting.is_not_false,
        required="true: IAM and STS are global",
        fix="include_global_service_events=True,",
    ),
    Setting(
        property="enableLogFileValidation",
        holds=setting.is_true,
        required="true, so that a changed file shows",
        fix="enable_log_file_validation=True,",
    ),
    Setting(property="enableLogging", holds=setting.is_not_false, required="true", fix="enable_logging=True,"),
)
_EVERYTHING = "every management event: All, no source left out, no further field"


def _complete(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    yield from setting.findings(resource, _SETTINGS)
    kinds = {name: resource.value(name) for name in ("advancedEventSelectors", "eventSelectors")}
    selectors = [each for value in kinds.values() if isinstance(value, tuple) for each in value]
    unknown = any(value is UNKNOWN for value in (*kinds.values(), *selectors))
    if any(_is_complete(each) for each in selectors) or not (selectors or unknown):
        return  # without a selector a trail records every management event: API_PutEventSelectors
    undecided = unknown or any(_is_open(each) for each in selectors)
    yield Finding(
        urn=resource.urn,
        property="advancedEventSelectors" if kinds["advancedEventSelectors"] else "eventSelectors",
        seen=setting.NOT_KNOWN if undecided else "no selector that leaves nothing out",
        required=_EVERYTHING,
        fix="advanced_event_selectors=_selectors(environment),",
        undecided=undecided,
    )


def _is_complete(selector: Value) -> bool:
    if not isinstance(selector, Mapping):
        return False
    fields = selector.get("fieldSelectors")
    if isinstance(fields, tuple):
        # A second field, such as eventSource or readOnly, leaves something out: API_AdvancedFieldSelector.
        only = fields[0] if len(fields) == 1 else None
        return isinstance(only, Mapping) and {name: value for name, value in only.items() if value} == {
            "field": "eventCategory",
            "equals": ("Management",),
        }
    return (
        fields is None
        and selector.get("includeManagementEvents") in (None, True)
        and selector.get("readWriteType") in (None, "All")
        and selector.get("excludeManagementEventSources") in (None, ())
    )


def _is_open(value: Value) -> bool:
    """Whether something in it is not known yet."""
    if isinstance(value, Mapping):
        return any(_is_open(each) for each in value.values())
    return any(_is_open(each) for each in value) if isinstance(value, tuple) else value is UNKNOWN


def _present(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    if not stack.of(resource_types.TRAIL):
        yield Finding(urn=stack.urn, property="trail", seen="no trail in the stack", required="a trail of every region")


RULES = (
    ResourceRule(
        id="tiers/trail-complete",
        title="The trail records every management event of every region, and shows a changed file",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation="advanced_event_selectors=_selectors(environment),",
        types=frozenset({resource_types.TRAIL}),
        check=_complete,
    ),
    StackRule(
        id="tiers/trail-present",
        title="There is a trail",
        severity=Severity.CRITICAL,
        clauses=_CLAUSES,
        remediation="AuditTrail('audit', AuditTrailArgs(environment=environment, …))",
        check=_present,
    ),
)
