"""What a backup of a server holds about one secret's credentials, taken and put back as its administrator would."""

from __future__ import annotations

from typing import Any

from pg8000.native import identifier, literal  # type: ignore[import-untyped]

from tests.lambdas.postgres_bench import PostgresBench
from tests.lambdas.redis_bench import RedisBench


class Snapshots:
    """Takes and restores the credentials of a secret: the verifiers of both roles, or the hashes of the user."""

    def __init__(self, bench: PostgresBench | RedisBench, name: str) -> None:
        self._bench = bench
        self._document = bench.value(name)

    def take(self) -> Any:
        """What the server holds now."""
        if isinstance(self._bench, PostgresBench):
            names = ", ".join(literal(name) for name in self._document["usernames"])
            return self._bench.sql(
                f"SELECT rolname, rolpassword, rolcanlogin FROM pg_authid WHERE rolname IN ({names})"
            )
        answer = self._bench.command("ACL", "GETUSER", self._document["username"])
        return dict(zip(answer[::2], answer[1::2], strict=True))["passwords"]

    def restore(self, snapshot: Any) -> None:
        """The server holds that again."""
        if isinstance(self._bench, PostgresBench):
            for name, verifier, can_log_in in snapshot:
                password = "NULL" if verifier is None else literal(verifier)
                login = "LOGIN" if can_log_in else "NOLOGIN"
                self._bench.sql(f"ALTER ROLE {identifier(name)} {login} PASSWORD {password}")
            return
        hashes = [f"#{digest}" for digest in snapshot]
        self._bench.command("ACL", "SETUSER", self._document["username"], "resetpass", *hashes)
