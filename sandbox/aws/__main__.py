"""`python -m sandbox.aws --port P --state DIR --account ACCOUNT --region REGION`: serve until stopped."""

import argparse
import os
import sys
import uuid
from pathlib import Path

from sandbox.aws.errors import SandboxError
from sandbox.aws.server import serve
from sandbox.aws.settings import RotationSettings, Settings


def main() -> int:
    """Parse the arguments and serve; exit code 1 with one line on stderr when that is impossible."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description="The local AWS, on loopback only.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 for any free one")
    parser.add_argument("--state", type=Path, required=True, help="folder of everything it keeps")
    parser.add_argument("--account", required=True, help="12-digit account id")
    parser.add_argument("--region", required=True)
    parser.add_argument("--retry-delays", default="2,5,10", help="seconds before each retry of a failed rotation")
    arguments = parser.parse_args()
    delays = tuple(float(part) for part in arguments.retry_delays.split(",") if part)
    settings = Settings(
        state=arguments.state.resolve(),
        account=arguments.account,
        region=arguments.region,
        port=arguments.port,
        token=os.environ.get("LLMOBS_AWS_TOKEN") or str(uuid.uuid4()),
        rotation=RotationSettings(retry_delays=delays),
    )
    try:
        serve(settings)
    except SandboxError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
