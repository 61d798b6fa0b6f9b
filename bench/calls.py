"""The calls that the local AWS is measured with, on resources that are made for them."""

from __future__ import annotations

import io
import json
import zipfile

from bench.replay import Prepared, client, prepare

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
MIXED = "mixed"
SECRETS = 20
"""So many share the new values: a secret that gets hundreds in a minute is no case that AWS allows for."""


class Calls:
    """The resources on one server."""

    def __init__(self, endpoint: str) -> None:
        """Makes a secret, a key, a topic, a role, a bucket and a function."""
        self._sm, self._kms, self._sns = (client(endpoint, name) for name in ("secretsmanager", "kms", "sns"))
        self._iam, self._s3, self._functions = (client(endpoint, name) for name in ("iam", "s3", "lambda"))
        for number in range(SECRETS):
            self._sm.create_secret(Name=f"bench-{number}", SecretString="first")
        self._key = self._kms.create_key()["KeyMetadata"]["KeyId"]
        self._sealed = self._kms.encrypt(KeyId=self._key, Plaintext=b"plain")["CiphertextBlob"]
        self._topic = self._sns.create_topic(Name="bench")["TopicArn"]
        role = self._iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
        self._s3.create_bucket(Bucket="bench")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("f.py", "def handle(event, context): return 1")
        self._functions.create_function(
            FunctionName="bench", Role=role, Runtime="python3.11", Handler="f.handle", Code={"ZipFile": code.getvalue()}
        )

    def signed(self, count: int) -> dict[str, list[Prepared]]:
        """`count` new requests of each operation, and as many of all in turn."""
        made = self._signed(count)
        # Sent once each: a PutSecretValue whose token was used would change nothing.
        share = self._signed(-(-count // len(made)))
        return {**made, MIXED: _in_turn(list(share.values()))[:count]}

    def _signed(self, count: int) -> dict[str, list[Prepared]]:
        sm, kms = self._sm, self._kms
        share = -(-count // SECRETS)
        puts = [
            prepare(sm, "put_secret_value", share, SecretId=f"bench-{number}", SecretString="x" * 200)
            for number in range(SECRETS)
        ]
        objects = [
            prepare(self._s3, "put_object", share, Bucket="bench", Key=f"object-{number}", Body=b"x" * 1024)
            for number in range(SECRETS)
        ]
        return {
            "GetSecretValue": prepare(sm, "get_secret_value", count, SecretId="bench-0"),
            "PutSecretValue": _in_turn(puts)[:count],
            "DescribeSecret": prepare(sm, "describe_secret", count, SecretId="bench-0"),
            "kms Encrypt": prepare(kms, "encrypt", count, KeyId=self._key, Plaintext=b"plain"),
            "kms Decrypt": prepare(kms, "decrypt", count, CiphertextBlob=self._sealed),
            "sns Publish": prepare(self._sns, "publish", count, TopicArn=self._topic, Message="message"),
            "iam GetRole": prepare(self._iam, "get_role", count, RoleName="bench"),
            "s3 PutObject": _in_turn(objects)[:count],
            "lambda GetFunction": prepare(self._functions, "get_function", count, FunctionName="bench"),
        }


def _in_turn(groups: list[list[Prepared]]) -> list[Prepared]:
    return [request for column in zip(*groups, strict=True) for request in column]
