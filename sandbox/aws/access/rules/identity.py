"""IAM and STS: list_awsidentityandaccessmanagementiam.html and list_awssecuritytokenservice.html.

AssumeRole and its kin are judged where they are answered (sandbox/aws/access/assuming.py): the trust policy decides.
"""

from collections.abc import Iterator, Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Need, Resource, Rule, each, nothing, on

_PREFIX = "iam"


def _named(kind: str, parameter: str) -> Resource:
    return lambda asked: asked.look.identity(kind, asked.text(parameter))


_ROLE = _named("role", "RoleName")
_GROUP = _named("group", "GroupName")
_PROFILE = _named("instance-profile", "InstanceProfileName")


def _user(asked: Asked) -> str:
    # Without a name these are about the caller's own user: that is judged on every user (a stricter reading).
    name = asked.text("UserName")
    return asked.look.identity("user", name) if name else asked.arn("iam", "user/*", regional=False)


def _policy(asked: Asked) -> str:
    return asked.text("PolicyArn")


def _created(kind: str, parameter: str) -> Resource:
    def arn(asked: Asked) -> str:
        return asked.arn("iam", f"{kind}{asked.text('Path') or '/'}{asked.text(parameter)}", regional=False)

    return arn


def _mfa(asked: Asked) -> str:
    return asked.text("SerialNumber")


def _provider(asked: Asked) -> str:
    return asked.text("OpenIDConnectProviderArn", "SAMLProviderArn")


def _given(asked: Asked) -> Mapping[str, ContextValue]:
    keys: dict[str, ContextValue] = {}
    if boundary := asked.text("PermissionsBoundary"):
        keys["iam:PermissionsBoundary"] = boundary
    if policy := asked.text("PolicyArn"):
        keys["iam:PolicyARN"] = policy
    return keys


def _add_role(asked: Asked) -> Iterator[Need]:
    yield Need(action="iam:AddRoleToInstanceProfile", resource=_PROFILE(asked))
    yield Need(
        action="iam:PassRole",
        resource=asked.look.identity("role", asked.text("RoleName")),
        given={"iam:PassedToService": "ec2.amazonaws.com"},
    )


RULES: dict[str, Rule] = {
    **each(
        _PREFIX,
        _ROLE,
        "AttachRolePolicy DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy GetRole "
        "GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies ListRoleTags "
        "PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole "
        "UpdateRoleDescription",
        _given,
    ),
    **each(
        _PREFIX,
        _user,
        "AttachUserPolicy ChangePassword CreateAccessKey CreateLoginProfile DeactivateMFADevice DeleteAccessKey "
        "DeleteLoginProfile DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy DetachUserPolicy EnableMFADevice "
        "GetAccessKeyLastUsed GetLoginProfile GetUser GetUserPolicy ListAccessKeys ListAttachedUserPolicies "
        "ListGroupsForUser ListMFADevices ListUserPolicies ListUserTags PutUserPermissionsBoundary PutUserPolicy "
        "TagUser UntagUser UpdateAccessKey UpdateLoginProfile UpdateUser ListSigningCertificates ListSSHPublicKeys "
        "ListServiceSpecificCredentials",
        _given,
    ),
    **each(
        _PREFIX,
        _GROUP,
        "AddUserToGroup AttachGroupPolicy DeleteGroup DeleteGroupPolicy DetachGroupPolicy GetGroup GetGroupPolicy "
        "ListAttachedGroupPolicies ListGroupPolicies PutGroupPolicy RemoveUserFromGroup UpdateGroup",
        _given,
    ),
    **each(
        _PREFIX,
        _policy,
        "CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion ListEntitiesForPolicy "
        "ListPolicyTags ListPolicyVersions SetDefaultPolicyVersion TagPolicy UntagPolicy",
    ),
    **each(
        _PREFIX,
        _PROFILE,
        "DeleteInstanceProfile GetInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile "
        "UntagInstanceProfile ListInstanceProfileTags",
    ),
    **each(_PREFIX, _mfa, "DeleteVirtualMFADevice ResyncMFADevice"),
    **each(
        _PREFIX,
        _provider,
        "AddClientIDToOpenIDConnectProvider DeleteOpenIDConnectProvider DeleteSAMLProvider GetOpenIDConnectProvider "
        "GetSAMLProvider RemoveClientIDFromOpenIDConnectProvider TagOpenIDConnectProvider "
        "UntagOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint UpdateSAMLProvider",
    ),
    **each(
        _PREFIX,
        lambda _asked: "*",
        "CreateAccountAlias DeleteAccountAlias DeleteAccountPasswordPolicy GenerateCredentialReport "
        "GetAccountAuthorizationDetails GetAccountPasswordPolicy GetAccountSummary GetCredentialReport "
        "ListAccountAliases ListGroups ListInstanceProfiles ListOpenIDConnectProviders ListPolicies ListRoles "
        "ListSAMLProviders ListServerCertificates ListUsers ListVirtualMFADevices UpdateAccountPasswordPolicy "
        "SimulateCustomPolicy",
    ),
    "AddRoleToInstanceProfile": _add_role,
    "CreateGroup": on("iam:CreateGroup", _created("group", "GroupName")),
    "CreateInstanceProfile": on("iam:CreateInstanceProfile", _created("instance-profile", "InstanceProfileName")),
    "CreateOpenIDConnectProvider": on(
        "iam:CreateOpenIDConnectProvider",
        lambda asked: asked.arn(
            "iam", f"oidc-provider/{asked.text('Url').removeprefix('https://').rstrip('/')}", regional=False
        ),
    ),
    "CreatePolicy": on("iam:CreatePolicy", _created("policy", "PolicyName")),
    "CreateRole": on("iam:CreateRole", _created("role", "RoleName"), _given),
    "CreateServiceLinkedRole": on(
        "iam:CreateServiceLinkedRole",
        lambda asked: asked.arn("iam", f"role/aws-service-role/{asked.text('AWSServiceName')}/*", regional=False),
        lambda asked: {"iam:AWSServiceName": asked.text("AWSServiceName")},
    ),
    "CreateUser": on("iam:CreateUser", _created("user", "UserName"), _given),
    "CreateVirtualMFADevice": on("iam:CreateVirtualMFADevice", _created("mfa", "VirtualMFADeviceName")),
    "SimulatePrincipalPolicy": on("iam:SimulatePrincipalPolicy", lambda asked: asked.text("PolicySourceArn") or "*"),
}

STS_RULES: dict[str, Rule] = {
    # "No permissions are required to perform this operation. If an administrator attaches a policy … that explicitly
    # denies access to the sts:GetCallerIdentity action, you can still perform this operation":
    # API_GetCallerIdentity.html; the same for API_GetSessionToken.html.
    **dict.fromkeys(("GetCallerIdentity", "GetSessionToken"), nothing),
    **dict.fromkeys(("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"), nothing),
    "DecodeAuthorizationMessage": on("sts:DecodeAuthorizationMessage"),
    "GetAccessKeyInfo": on("sts:GetAccessKeyInfo"),
    "GetFederationToken": on(
        "sts:GetFederationToken",
        lambda asked: asked.arn("sts", f"federated-user/{asked.text('Name')}", regional=False),
    ),
}
