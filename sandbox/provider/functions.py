"""The functions (invokes) that programs may call."""

from collections.abc import Callable, Mapping

from sandbox.provider.connection import Region
from sandbox.provider.values import Props

Function = Callable[[Region, Props], Props]


def _caller_identity(aws: Region, _arguments: Props) -> Props:
    answer = aws.client("sts").get_caller_identity()
    return {
        "id": answer["Account"],
        "accountId": answer["Account"],
        "arn": answer["Arn"],
        "userId": answer["UserId"],
    }


def _region(aws: Region, _arguments: Props) -> Props:
    return {
        "id": aws.region,
        "name": aws.region,
        "region": aws.region,
        "endpoint": f"ec2.{aws.region}.amazonaws.com",
        "description": aws.region,
    }


def _partition(aws: Region, _arguments: Props) -> Props:
    return {
        "id": aws.partition,
        "partition": aws.partition,
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }


FUNCTIONS: Mapping[str, Function] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
}
