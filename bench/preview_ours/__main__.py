"""Our components over a catalogue that is grown to BENCH_SECRETS secrets."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from catalog import load
from catalog.model import Catalog
from components.aws.environment import SecretsEnvironment, SecretsEnvironmentArgs

data = load.catalog().model_dump(mode="json")
like = next(each for each in data["secrets"] if each["name"] == "sentry-dsn") | {"consumers": []}
data["secrets"] += [
    like | {"name": f"bench-{number}x", "names": {f"BENCH_{number}": "dsn"}}
    for number in range(int(os.environ["BENCH_SECRETS"]) - len(data["secrets"]))
]
SecretsEnvironment(
    "staging",
    SecretsEnvironmentArgs(environment=load.environment("staging"), catalog=Catalog.model_validate(data)),
)
