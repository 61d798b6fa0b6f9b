"""The private CA of a sandbox: an authority in its local AWS that signs the certificates of its servers.

Made as a root authority is made on AWS: docs.aws.amazon.com/privateca/latest/userguide/PCACertInstall.html. The
certificates that the servers start with are of another one: sandbox/servers/tls.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY

_NAME = "LLM Observatory sandbox private CA"
_YEARS = 20
_TEMPLATE = "arn:aws:acm-pca:::template/RootCACertificate/V1"
_SIGNING = "SHA256WITHRSA"


@dataclass(frozen=True, kw_only=True)
class Authority:
    """`pem` is public: its root, which clients trust."""

    arn: str
    pem: str


def authority(cloud: LocalAws) -> Authority:
    """The authority, made when it is missing or was left half made."""
    pca = ADMINISTRATOR_IDENTITY.client(cloud, "acm-pca")
    arn = _found(pca) or _created(pca)
    return Authority(arn=arn, pem=pca.get_certificate_authority_certificate(CertificateAuthorityArn=arn)["Certificate"])


def _found(pca: Any) -> str | None:
    listed = pca.list_certificate_authorities()["CertificateAuthorities"]
    ours = [
        one["Arn"]
        for one in listed
        if one["Status"] == "ACTIVE" and one["CertificateAuthorityConfiguration"]["Subject"].get("CommonName") == _NAME
    ]
    return ours[0] if ours else None


def _created(pca: Any) -> str:
    configuration = {"KeyAlgorithm": "RSA_2048", "SigningAlgorithm": _SIGNING, "Subject": {"CommonName": _NAME}}
    arn: str = pca.create_certificate_authority(
        CertificateAuthorityConfiguration=configuration, CertificateAuthorityType="ROOT"
    )["CertificateAuthorityArn"]
    csr = pca.get_certificate_authority_csr(CertificateAuthorityArn=arn)["Csr"]
    issued = pca.issue_certificate(
        CertificateAuthorityArn=arn,
        Csr=csr.encode(),
        SigningAlgorithm=_SIGNING,
        TemplateArn=_TEMPLATE,
        Validity={"Value": _YEARS, "Type": "YEARS"},
    )["CertificateArn"]
    root = pca.get_certificate(CertificateAuthorityArn=arn, CertificateArn=issued)["Certificate"]
    pca.import_certificate_authority_certificate(CertificateAuthorityArn=arn, Certificate=root.encode())
    return arn
