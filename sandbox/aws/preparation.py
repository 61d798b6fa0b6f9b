"""The process that the local AWS runs in: what moto reads of it, and nothing that leads to a real account."""

import os

from moto.core.config import default_user_config

from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, LOOPBACK, Settings


def prepare_process(settings: Settings, port: int) -> None:
    """Set the environment that moto reads, and drop whatever would let its own clients reach a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        {
            "MOTO_ACCOUNT_ID": settings.account,
            "MOTO_PORT": str(port),
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR_KEY,
            "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR_SECRET,
            "AWS_DEFAULT_REGION": settings.region,
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    )
    # Executions run, instead of being recorded as running for ever.
    default_user_config["stepfunctions"]["execute_state_machine"] = True
