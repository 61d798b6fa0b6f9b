"""AWS Private CA: list_awsprivatecertificateauthority.html of the Service Authorization Reference."""

from collections.abc import Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Rule, anything, each, on


def _authority(asked: Asked) -> str:
    return asked.text("CertificateAuthorityArn", "ResourceArn") or "*"


def _template(asked: Asked) -> Mapping[str, ContextValue]:
    return {"acm-pca:TemplateArn": asked.text("TemplateArn")} if asked.text("TemplateArn") else {}


RULES: dict[str, Rule] = {
    **each(
        "acm-pca",
        _authority,
        "DeleteCertificateAuthority DescribeCertificateAuthority GetCertificate GetCertificateAuthorityCertificate "
        "GetCertificateAuthorityCsr ImportCertificateAuthorityCertificate ListTags RevokeCertificate "
        "TagCertificateAuthority UntagCertificateAuthority UpdateCertificateAuthority",
    ),
    **each("acm-pca", anything, "CreateCertificateAuthority ListCertificateAuthorities"),
    "IssueCertificate": on("acm-pca:IssueCertificate", _authority, _template),
}
