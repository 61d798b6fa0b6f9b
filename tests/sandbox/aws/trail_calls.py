"""Requests as boto3 sends them, read as the local AWS reads them; nothing is sent."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.model import OperationModel

from sandbox.aws.exchange import Call, read_call
from tests.sandbox.aws.trail_bench import REGION

_SIGNING = {"stepfunctions": "states"}


def client_of(service: str) -> Any:
    """A client that checks nothing."""
    create: Any = boto3.client
    config = Config(parameter_validation=False, inject_host_prefix=False, s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "x"}
    return create(service, region_name=REGION, endpoint_url="http://127.0.0.1:1", config=config, **keys)


def call_of(service: str, operation: OperationModel, client: Any, given: Mapping[str, Any]) -> Call:
    """The request that boto3 would send."""
    context = {"client_config": client.meta.config, "client_region": REGION, "has_streaming_input": False}
    wire = client._convert_to_request_dict(given, operation, "http://127.0.0.1:1", context=context)
    prepared = AWSRequest(
        method=wire["method"], url=wire["url"], headers=wire["headers"], data=wire["body"], params=wire["query_string"]
    ).prepare()
    sent: Any = prepared.body or b""
    sent = sent.read() if hasattr(sent, "read") else sent
    body = sent.encode() if isinstance(sent, str) else bytes(sent)
    signing = _SIGNING.get(service, service)
    headers = {key.lower(): _text(value) for key, value in prepared.headers.items()} | {
        "authorization": scope_of(signing)
    }
    url = urlsplit(prepared.url)
    return read_call(prepared.method, url.path, url.query, headers, body, default_region=REGION, raw_path=url.path)


def scope_of(signing: str) -> str:
    """A signature's header, without the signature."""
    return f"AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/{REGION}/{signing}/aws4_request"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
