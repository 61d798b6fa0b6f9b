"""What makes the layer fast changes nothing: moto's choice of a service is the same, and what changed is on disk."""

import subprocess
import sys
from pathlib import Path

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox.aws.moto_dispatch import MotoDispatch

_CODE = """
import sys
from pathlib import Path
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends
from sandbox.aws.memory.memory import Memory

ACCOUNT = "222233334444"
memory = Memory(Path(sys.argv[1]), account=ACCOUNT)
users, queues = iam_backends[ACCOUNT]["aws"], sqs_backends[ACCOUNT]["us-east-1"]

def touch(name):
    iam_backends[ACCOUNT]["aws"].users[name] = name
    sqs_backends[ACCOUNT]["us-east-1"].queues[name] = name

only_reads = frozenset({"moto.iam.models"})
match sys.argv[2]:
    case "reading":
        with memory.change(only_reads=only_reads):
            touch("a")
    case "changing":
        with memory.change():
            touch("a")
    case "changing inside":
        with memory.change(only_reads=only_reads), memory.change():
            touch("a")
print(sorted(users.users), sorted(queues.queues))
"""


@pytest.mark.parametrize(
    "host", [None, "moto_api", "dynamodb", "sqs.us-east-1.amazonaws.com", "s3.eu-west-1.amazonaws.com", "nowhere"]
)
def test_moto_chooses_the_same_service_the_first_time_and_the_second(host: str | None) -> None:
    stock, ours = DomainDispatcherApplication(create_backend_app), MotoDispatch()
    assert [ours.get_backend_for_host(host) for _ in range(2)] == [stock.get_backend_for_host(host)] * 2


@pytest.mark.parametrize(
    ("work", "stored"), [("reading", "[] ['a']"), ("changing", "['a'] ['a']"), ("changing inside", "['a'] ['a']")]
)
def test_a_backend_that_is_only_read_is_not_written_but_a_change_inside_is(
    tmp_path: Path, work: str, stored: str
) -> None:
    def run(what: str) -> str:
        command = [sys.executable, "-c", _CODE, str(tmp_path), what]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert run(work) == "['a'] ['a']"
    assert run("looking") == stored
