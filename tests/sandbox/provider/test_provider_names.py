"""The table against the SDK that programs are written with."""

import re
from pathlib import Path

import pulumi_aws
import pytest

from sandbox.provider.registry import REGISTRY

SDK = Path(pulumi_aws.__file__).parent


def sdk_text(type_name: str) -> str:
    module, _, name = type_name.removeprefix("aws:").partition("/")
    folder = {"lambda": "lambda_"}.get(module, module)
    stem = re.sub(r"(?<!^)(?=[A-Z])", "_", name.partition(":")[0]).lower()
    return (SDK / folder / f"{stem}.py").read_text()


def properties(text: str, class_name: str) -> set[str]:
    # The name with Args alone is a block of another type (BucketVersioningArgs, of Bucket's `versioning`).
    class_name = class_name if f"class {class_name}" in text else class_name.replace("Args", "InitArgs")
    body = text.split(f"class {class_name}", 1)[1].split("\nclass ", 1)[0]
    found = re.findall(r"@pulumi\.getter(?:\(name=\"(\w+)\"\))?\n(?:    @.*\n)*    def (\w+)", body)
    return {camel or plain for camel, plain in found}


@pytest.mark.parametrize("type_name", sorted(REGISTRY))
def test_every_input_and_output_has_the_name_it_has_in_the_sdk(type_name: str) -> None:
    kind, text, name = REGISTRY[type_name], sdk_text(type_name), type_name.rpartition(":")[2]
    inputs, everything = properties(text, f"{name}Args"), properties(text, f"{name}(")
    assert set(kind.properties) <= inputs
    assert set(kind.outputs) <= everything - inputs


@pytest.mark.parametrize("type_name", sorted(REGISTRY))
def test_every_output_of_the_sdk_is_there_or_known_to_be_missing(type_name: str) -> None:
    kind, text, name = REGISTRY[type_name], sdk_text(type_name), type_name.rpartition(":")[2]
    computed = properties(text, f"{name}(") - properties(text, f"{name}Args")
    missing = computed - set(kind.outputs) - {"tagsAll"}
    # A website belongs to a type of its own, and S3 makes the checksums that a writer asks for.
    checksums = {f"checksum{kind}" for kind in ("Crc32", "Crc32c", "Crc64nvme", "Sha1", "Sha256")}
    assert missing <= {"websiteDomain", "websiteEndpoint", *checksums}


def test_the_provider_does_not_load_the_sdk() -> None:
    """A thousand modules would cost it two seconds at each start."""
    sources = (Path(__file__).parents[3] / "sandbox" / "provider").glob("*.py")
    assert not [
        source.name
        for source in sources
        if re.search(r"^\s*(import|from) pulumi_aws", source.read_text(), re.MULTILINE)
    ]
