"""Amazon S3: when objects of a bucket move to another storage class, and when they go."""

from typing import Any

from sandbox.provider.bucketsetting import place, setting
from sandbox.provider.naming import tag_list, tag_map
from sandbox.provider.resource import TAGS, Call, block, blocks, flag, number, text
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, moment, stamp, to_aws

_SIZES = {"objectSizeGreaterThan": number(), "objectSizeLessThan": number()}
_FILTER = {
    **_SIZES,
    "and": block({**_SIZES, "prefix": text(), "tags": TAGS}),
    "prefix": text(),
    "tag": block({"key": text(required=True), "value": text(required=True)}),
}
_RULE = {
    "abortIncompleteMultipartUpload": block({"daysAfterInitiation": number()}),
    "expiration": block({"date": text(), "days": number(), "expiredObjectDeleteMarker": flag(default=False)}),
    "filter": block(_FILTER),
    "id": text(required=True, aws="ID"),
    "noncurrentVersionExpiration": block({"newerNoncurrentVersions": number(), "noncurrentDays": number()}),
    "noncurrentVersionTransitions": blocks(
        {"newerNoncurrentVersions": number(), "noncurrentDays": number(), "storageClass": text(required=True)}
    ),
    "prefix": text(),
    "status": text(required=True, allowed=frozenset({"Enabled", "Disabled"})),
    "transitions": blocks({"date": text(), "days": number(), "storageClass": text(required=True)}),
}


def _rule_to_aws(rule: Props) -> Props:
    made = to_aws(_RULE, {name: value for name, value in rule.items() if name not in {"filter", "prefix"}})
    for timed in [made.get("Expiration"), *made.get("Transitions", [])]:
        if timed and timed.get("Date"):
            timed["Date"] = moment(timed["Date"])
    expiration = made.get("Expiration")
    if expiration and not expiration["ExpiredObjectDeleteMarker"] and len(expiration) > 1:
        # AWS takes it beside neither a date nor days.
        del expiration["ExpiredObjectDeleteMarker"]
    if rule.get("prefix") is not None and not rule.get("filter"):
        return {**made, "Prefix": rule["prefix"]}
    # Without a prefix of the old kind there has to be a filter; an empty one means every object.
    return {**made, "Filter": _filter_to_aws(rule.get("filter") or {})}


def _filter_to_aws(given: Props) -> Props:
    made = to_aws(_FILTER, given)
    if "And" in made and "Tags" in made["And"]:
        made["And"]["Tags"] = tag_list(made["And"]["Tags"])
    return made or {"Prefix": ""}


def _rule_from_aws(rule: Props) -> Props:
    for timed in [rule.get("Expiration"), *rule.get("Transitions", [])]:
        if timed and timed.get("Date"):
            timed["Date"] = stamp(timed["Date"])
    if "Tags" in (rule.get("Filter") or {}).get("And", {}):
        rule["Filter"]["And"]["Tags"] = tag_map(rule["Filter"]["And"]["Tags"])
    return from_aws(_RULE, rule)


def _put(call: Call, s3: Any) -> None:
    s3.put_bucket_lifecycle_configuration(
        **place(call),
        LifecycleConfiguration={"Rules": [_rule_to_aws(rule) for rule in call.new["rules"]]},
        **call.given(TransitionDefaultMinimumObjectSize="transitionDefaultMinimumObjectSize"),
    )


def _get(call: Call, s3: Any) -> Props:
    answer = s3.get_bucket_lifecycle_configuration(**place(call))
    return {
        "rules": [_rule_from_aws(rule) for rule in answer["Rules"]],
        "transitionDefaultMinimumObjectSize": answer.get("TransitionDefaultMinimumObjectSize"),
    }


LIFECYCLE = setting(
    "BucketLifecycleConfiguration",
    {
        "rules": blocks(_RULE, required=True),
        "timeouts": block({"create": text(), "update": text()}, unreadable=True),
        "transitionDefaultMinimumObjectSize": text(computed=True),
    },
    put=_put,
    get=_get,
    remove=lambda call, s3: s3.delete_bucket_lifecycle(**place(call)),
)

TYPES = (LIFECYCLE,)
