"""AWS IAM: OpenID Connect providers, whose tokens a role may trust (a cluster's service accounts, a build system)."""

from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import TAGS, Call, ResourceType, strings, text
from sandbox.provider.values import Props

_SCHEME = "https://"


def _create(call: Call) -> str:
    answer = call.client("iam").create_open_id_connect_provider(
        Url=call.new["url"],
        ClientIDList=call.new["clientIdLists"],
        Tags=tag_list(call.new.get("tags")),
        **call.given(ThumbprintList="thumbprintLists"),
    )
    return str(answer["OpenIDConnectProviderArn"])


def _read(call: Call) -> Props | None:
    provider = call.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=call.id)
    url = provider["Url"].removeprefix(_SCHEME)
    return {
        "arn": call.id,
        # IAM answers without the scheme that it demands.
        "url": _SCHEME + url,
        "clientIdLists": sorted(provider["ClientIDList"]),
        "thumbprintLists": provider.get("ThumbprintList") or [],
        "tags": tag_map(provider.get("Tags")),
    }


def _update(call: Call) -> None:
    iam, target = call.client("iam"), {"OpenIDConnectProviderArn": call.id}
    before, after = (set(side.get("clientIdLists") or []) for side in (call.old, call.new))
    for client in sorted(before - after):
        iam.remove_client_id_from_open_id_connect_provider(ClientID=client, **target)
    for client in sorted(after - before):
        iam.add_client_id_to_open_id_connect_provider(ClientID=client, **target)
    if call.changed("thumbprintLists") and call.new.get("thumbprintLists"):
        iam.update_open_id_connect_provider_thumbprint(ThumbprintList=call.new["thumbprintLists"], **target)
    removed, added = tag_changes(call)
    if removed:
        iam.untag_open_id_connect_provider(TagKeys=removed, **target)
    if added:
        iam.tag_open_id_connect_provider(Tags=tag_list(added), **target)


def _delete(call: Call) -> None:
    call.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=call.id)


OPEN_ID_CONNECT_PROVIDER = ResourceType(
    type_name="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    inputs={
        "clientIdLists": strings(required=True),
        "tags": TAGS,
        "thumbprintLists": strings(computed=True),
        "url": text(required=True, replaces=True),
    },
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("url",),
    regional=False,
    verified=True,
)

TYPES = (OPEN_ID_CONNECT_PROVIDER,)
