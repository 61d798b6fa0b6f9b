"""The end of an old certificate: proof that the server presents the new one, or, in an emergency, its revocation."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from rotation.errors import RotationError, ServerUnreachableError
from rotation.targets.certificate_authority import WAITS
from rotation.targets.certificate_handshake import Presented
from tests.lambdas.certificate_bench import DAYS, NAME, CertificateBench, listening
from tests.lambdas.workbench import Crash, Fuse

EMERGENCY = "emergency-" + "7" * 32


@pytest.fixture
def bench() -> CertificateBench:
    return CertificateBench()


@pytest.mark.parametrize("server", ["postgres", "redis"])
def test_a_server_that_presents_the_old_certificate_is_a_straggler_until_it_presents_the_new_one(server: str) -> None:
    bench = CertificateBench(server=server)
    old, new = two_documents(bench)
    with listening(old) as port:
        (text,) = retire(bench, old, new, port)
        place = {"postgres": "PostgreSQL", "redis": "Redis"}[server]
        assert text == (
            f"{place} at 127.0.0.1:{port} still presents certificate {old['serial']} until {old['not_after']}"
        )
    with listening(new) as port:
        assert retire(bench, old, new, port) == []
    assert bench.ca.revoked == {}


def test_a_server_that_presents_a_third_certificate_has_not_taken_the_new_one(bench: CertificateBench) -> None:
    older, old = two_documents(bench)
    bench.rotate(NAME)
    with listening(older) as port:
        (text,) = retire(bench, old, bench.value(NAME), port)
    assert f"{older['serial']}, which is neither AWSCURRENT's nor AWSPREVIOUS's, until" in text


def test_a_server_that_presents_what_no_client_trusts_is_named(bench: CertificateBench) -> None:
    old, new = two_documents(bench)
    other = CertificateBench()
    other.rotate(NAME)
    with listening(other.value(NAME)) as port:
        (text,) = retire(bench, old, new, port)
    assert "presents a certificate that clients of '127.0.0.1' refuse" in text


def test_a_server_that_cannot_be_seen_proves_nothing(bench: CertificateBench) -> None:
    old, new = two_documents(bench)
    with listening(new) as port:
        pass
    with pytest.raises(ServerUnreachableError, match="cannot be reached"):
        retire(bench, old, new, port)
    with listening({**new, "server": "redis"}) as port, pytest.raises(ServerUnreachableError):
        retire(bench, old, new, port)  # it waits for a ClientHello and gets PostgreSQL's prelude


def test_a_retirement_waits_for_the_delivery(bench: CertificateBench, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = two_documents(bench)
    monkeypatch.setattr(bench.target, "_look", lambda *_: Presented(serial=old["serial"], until=old["not_after"]))
    assert bench.retire(NAME)["outcome"] == "straggling"
    assert bench.fake.secrets[NAME].holder("AWSPREVIOUS") is not None
    monkeypatch.undo()
    assert bench.retire(NAME)["outcome"] == "retired"
    assert bench.value(NAME) == new


def test_an_emergency_revokes_every_other_certificate_that_is_still_valid(bench: CertificateBench) -> None:
    bench.rotate(NAME)
    expired = bench.value(NAME)["serial"]
    bench.fake.now += timedelta(days=DAYS)
    serials = []
    for _ in range(2):
        bench.rotate(NAME)
        serials.append(bench.value(NAME)["serial"])
    bench.rotate(NAME, EMERGENCY)
    assert bench.retire(NAME)["outcome"] == "retired"
    assert bench.ca.revoked == dict.fromkeys(serials, "KEY_COMPROMISE")
    assert expired not in bench.ca.revoked
    assert bench.fake.secrets[NAME].holder("AWSPREVIOUS") is None


@pytest.mark.parametrize("after", [False, True])
def test_an_emergency_that_died_revokes_the_rest_when_it_runs_again(after: bool) -> None:
    counted = emergency_bench()
    counted.tap = fuse = Fuse()
    counted.retire(NAME)
    assert fuse.names.count("RevokeCertificate") == 2
    for at in range(1, len(fuse.names) + 1):
        bench = emergency_bench()
        bench.tap = Fuse(at=at, after=after)
        with suppress(Crash):
            bench.retire(NAME)
        bench.tap = Fuse()
        bench.retire(NAME)
        assert len(bench.ca.revoked) == 2
        assert bench.value(NAME)["serial"] not in bench.ca.revoked


def test_a_revocation_that_is_under_way_is_waited_for() -> None:
    bench = emergency_bench()
    bench.ca.slowness = 2
    bench.retire(NAME)
    assert bench.waited == [*WAITS[:2], *WAITS[:2]]  # AWSPREVIOUS's, and the one before it that is valid yet


def test_an_emergency_revokes_nothing_of_a_version_that_holds_the_current_certificate_too(
    bench: CertificateBench,
) -> None:
    """As after a value was put back by hand."""
    old, new = two_documents(bench)
    bench.target.retire(new, old, Others(dict(new), old), None)  # type: ignore[arg-type]
    assert list(bench.ca.revoked) == [old["serial"]]


def test_a_rotation_that_began_meanwhile_stops_an_emergency_before_it_revokes(bench: CertificateBench) -> None:
    old, new = two_documents(bench)
    with pytest.raises(RotationError, match="begun"):
        bench.target.retire(new, old, Changed(), None)  # type: ignore[arg-type]
    assert bench.ca.revoked == {}


def two_documents(bench: CertificateBench) -> tuple[dict[str, Any], dict[str, Any]]:
    bench.rotate(NAME)
    old = bench.value(NAME)
    bench.rotate(NAME)
    return old, bench.value(NAME)


def retire(bench: CertificateBench, old: dict[str, Any], new: dict[str, Any], port: int) -> list[str]:
    target = bench.certificate(None)
    answer = target.retire({**new, "port": port}, {**old, "port": port}, None, bench.fake.now)  # type: ignore[arg-type]
    return list(answer)


def emergency_bench() -> CertificateBench:
    bench = CertificateBench()
    two_documents(bench)
    bench.rotate(NAME, EMERGENCY)
    return bench


class Others:
    """Fallbacks of a secret with these other versions."""

    def __init__(self, *others: dict[str, Any]) -> None:
        self._others = others

    def own(self) -> tuple[dict[str, Any], ...]:
        return self._others

    def unchanged(self) -> None:
        return None


class Changed(Others):
    """Of one whose labels have moved on."""

    def unchanged(self) -> None:
        raise RotationError("a rotation has begun")
