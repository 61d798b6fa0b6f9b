"""The clock that can be advanced: what it shows, refuses, keeps, and what functions see of it."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sandbox.aws import process
from sandbox.aws.errors import SandboxError
from tests.contract.aws.harness import eventually
from tests.sandbox.aws.clocked import DAY, Clocked

TELLS = """
import time, datetime
imported = time.time()
started = time.monotonic()

def handle(event, context):
    return {"now": datetime.datetime.now(datetime.UTC).timestamp(), "imported": imported,
            "left": context.get_remaining_time_in_millis()}
"""
ASKS_WITH_TLS = """
import socket, ssl, threading

def handle(event, context):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(event["chain"])
    listener = socket.create_server(("127.0.0.1", 0))
    def answer():
        with server.wrap_socket(listener.accept()[0], server_side=True) as one:
            one.sendall(b"ok")
    threading.Thread(target=answer, daemon=True).start()
    client = ssl.create_default_context(cafile=event["chain"])
    with client.wrap_socket(socket.create_connection(listener.getsockname()), server_hostname="localhost") as one:
        return one.recv(2).decode()
"""


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """One local AWS, whose clock goes on from test to test."""
    subject = Clocked(tmp_path_factory.mktemp("clock"))
    yield subject
    process.stop(subject.state)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0, "only goes forward"),
        (-3600, "only goes forward"),
        ("90d", "give a number of seconds"),
        (None, "give a number of seconds"),
        (True, "give a number of seconds"),
        (1e12, "at most"),
    ],
)
def test_going_back_or_a_bad_amount_is_refused_and_changes_nothing(clocked: Clocked, amount: object, told: str) -> None:
    before = clocked.local.ask("GET", "clock")["offset_seconds"]
    with pytest.raises(SandboxError, match=told):
        clocked.local.ask("POST", "clock", {"advance_seconds": amount})
    assert clocked.local.ask("GET", "clock")["offset_seconds"] == before


def test_the_services_and_moto_show_the_advanced_time(clocked: Clocked) -> None:
    before = clocked.now()
    assert clocked.advance(90 * DAY) == []
    assert 90 * DAY <= (clocked.now() - before).total_seconds() < 90 * DAY + 30
    key = clocked.aws.client("kms").create_key()["KeyMetadata"]
    secret = clocked.aws.secret()
    made = clocked.aws.sm.describe_secret(SecretId=secret)["CreatedDate"]
    for moment in (key["CreationDate"], made):
        assert abs((moment - clocked.now()).total_seconds()) < 10


def test_a_function_and_its_handlers_module_see_the_advanced_time_also_when_it_was_warm_before(
    clocked: Clocked,
) -> None:
    function = clocked.aws.function(TELLS)
    client = clocked.aws.client("lambda")
    for _ in range(2):
        clocked.advance(10 * DAY)
        told = json.loads(client.invoke(FunctionName=function)["Payload"].read())
        now = clocked.now().timestamp()
        assert abs(told["now"] - now) < 10
        assert abs(told["imported"] - now) < 10
        assert 0 < told["left"] <= 20_000


def test_a_function_verifies_certificates_by_real_time(clocked: Clocked) -> None:
    """A certificate that is good for a day from now is still good to a function years ahead."""
    chain = clocked.state / "chain.pem"
    chain.write_bytes(_self_signed())
    clocked.advance(400 * DAY)
    function = clocked.aws.function(ASKS_WITH_TLS)
    answer = clocked.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"chain": str(chain)}))
    assert json.loads(answer["Payload"].read()) == "ok"


def test_the_offset_is_kept_over_a_kill_and_never_shrinks(clocked: Clocked) -> None:
    clocked.advance(3 * DAY)
    before = clocked.local.ask("GET", "clock")["offset_seconds"]
    seen = clocked.now()
    clocked.kill()
    clocked.start()
    assert clocked.local.ask("GET", "clock")["offset_seconds"] == before
    assert clocked.now() >= seen


def test_logs_and_waits_of_a_function_go_with_the_advanced_clock(clocked: Clocked) -> None:
    function = clocked.aws.function("import time\ndef handle(e, c):\n    time.sleep(0.2)\n    print('here')")
    started = time.monotonic()
    clocked.aws.client("lambda").invoke(FunctionName=function)
    assert 0.2 <= time.monotonic() - started < 10
    group = f"/aws/lambda/{function.rsplit(':', 1)[-1]}"
    events = clocked.aws.client("logs").filter_log_events(logGroupName=group)["events"]
    moment = datetime.fromtimestamp(events[0]["timestamp"] / 1000, UTC)
    assert abs((moment - clocked.now()).total_seconds()) < 10


def test_what_next_is_due_is_shown(clocked: Clocked) -> None:
    secret = clocked.rotated(30)
    eventually(lambda: clocked.aws.holder(secret, "AWSPENDING") is None)
    (following,) = clocked.local.ask("GET", "clock")["next"]
    day = datetime.strptime(following["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert day.hour == 0
    assert 29 * DAY < (day - clocked.now()).total_seconds() <= 30 * DAY


def _self_signed() -> bytes:
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret + certificate.public_bytes(pem)
