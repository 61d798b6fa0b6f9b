"""The process that the engine starts: `pulumi-resource-aws <engine address>`."""

import os
import sys

from sandbox.language.plugin import serve
from sandbox.provider.connection import local_endpoint
from sandbox.provider.resource import ProviderError
from sandbox.provider.server import SERVICE, WORKERS, AwsProvider

try:
    local_endpoint(os.environ.get("AWS_ENDPOINT_URL"))
except ProviderError as error:
    sys.exit(str(error))
serve(SERVICE, AwsProvider().methods(), workers=WORKERS, at_end=lambda: None)
