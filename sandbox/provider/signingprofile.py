"""AWS Signer: signing profiles, whose signatures a code signing configuration trusts."""

from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import TAGS, AutoName, Call, Kind, Property, ResourceType, block, number, text
from sandbox.provider.values import Props


def _create(call: Call) -> str:
    validity, material = call.new.get("signatureValidityPeriod"), call.new.get("signingMaterial")
    call.client("signer").put_signing_profile(
        profileName=call.new["name"],
        **call.given(platformId="platformId", signingParameters="signingParameters", tags="tags"),
        **({"signatureValidityPeriod": {"value": validity["value"], "type": validity["type"]}} if validity else {}),
        **({"signingMaterial": {"certificateArn": material["certificateArn"]}} if material else {}),
    )
    return str(call.new["name"])


def _read(call: Call) -> Props | None:
    signer = call.client("signer")
    profile = signer.get_signing_profile(profileName=call.id)
    # A profile is cancelled, never deleted, and its name is taken for ever (API_CancelSigningProfile).
    if profile["status"] == "Canceled":
        return None
    validity, material = profile.get("signatureValidityPeriod"), profile.get("signingMaterial")
    return {
        "arn": profile["arn"],
        "name": profile["profileName"],
        "platformId": profile["platformId"],
        "platformDisplayName": profile.get("platformDisplayName") or "",
        "revocationRecords": [],
        "signatureValidityPeriod": {"value": validity["value"], "type": validity["type"]} if validity else None,
        "signingMaterial": {"certificateArn": material["certificateArn"]} if material else None,
        "signingParameters": profile.get("signingParameters") or None,
        "status": profile["status"],
        "version": profile["profileVersion"],
        "versionArn": profile["profileVersionArn"],
        "tags": profile.get("tags") or {},
    }


def _update(call: Call) -> None:
    signer, arn = call.client("signer"), call.state["arn"]
    removed, added = tag_changes(call)
    if removed:
        signer.untag_resource(resourceArn=arn, tagKeys=removed)
    if added:
        signer.tag_resource(resourceArn=arn, tags=added)


def _delete(call: Call) -> None:
    call.client("signer").cancel_signing_profile(profileName=call.id)


SIGNING_PROFILE = ResourceType(
    type_name="aws:signer/signingProfile:SigningProfile",
    inputs={
        "name": text(replaces=True, computed=True),
        "namePrefix": text(replaces=True, unreadable=True),
        "platformId": text(required=True, replaces=True),
        "signatureValidityPeriod": block(
            {
                "type": text(required=True, allowed=frozenset({"DAYS", "MONTHS", "YEARS"})),
                "value": number(required=True),
            },
            computed=True,
            replaces=True,
        ),
        "signingMaterial": block({"certificateArn": text(required=True)}, computed=True, replaces=True),
        "signingParameters": Property(kind=Kind.MAP, replaces=True),
        "tags": TAGS,
    },
    outputs=("arn", "platformDisplayName", "revocationRecords", "status", "version", "versionArn"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("name",),
    # A name is of letters, digits and underscores (API_PutSigningProfile).
    autoname=AutoName(separator="_", max_length=64),
    verified=True,
)

TYPES = (SIGNING_PROFILE,)
