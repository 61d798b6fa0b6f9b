"""The connections of an ACL user, as CLIENT LIST tells them.

Fields: https://redis.io/docs/latest/commands/client-list/. `user` is the ACL user that the connection is now (Redis 6
and later), `multi` the number of commands queued in MULTI and -1 outside (a fact of networking.c, catClientInfoString),
`age` the whole seconds since it was opened. Not told: which of the user's passwords it used, and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rotation import document as documents
from rotation.document import Document
from rotation.targets.redis_session import Session

# `age` is the difference of two moments cut to whole seconds, so a connection may be almost a second older.
AGE_ERROR = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One connection. `name` and `address` are chosen by the client."""

    id: str
    username: str
    name: str
    address: str
    age: timedelta
    in_transaction: bool

    @property
    def told(self) -> str:
        """Who it is, for a person: never a command or a key."""
        seconds = int(self.age.total_seconds())
        return (
            f"user '{self.username}', connection {self.id} named '{self.name}', from {self.address}, "
            f"open for {seconds} s, in a transaction (MULTI)"
        )


def connections(session: Session, document: Document) -> Sequence[Connection]:
    """The open connections of the document's user, without the one that asks.

    A connection that has not logged in yet counts as `default`'s: that is what CLIENT LIST says of it.
    """
    username, own = documents.text(document, "username"), str(session.run("CLIENT", "ID"))
    found = []
    for line in session.run("CLIENT", "LIST").splitlines():
        fields = dict(field.split("=", 1) for field in line.split(" "))
        if fields["user"] == username and fields["id"] != own:
            found.append(
                Connection(
                    id=fields["id"],
                    username=username,
                    name=fields["name"],
                    address=fields["addr"],
                    age=timedelta(seconds=int(fields["age"])),
                    # Waiting in BLPOP or XREAD (flag b) is no transaction: nothing is taken before the answer, and a
                    # worker that always waits would never be retired. A subscriber comes back by itself.
                    in_transaction=int(fields["multi"]) >= 0,
                )
            )
    return found


def opened_before(found: Sequence[Connection], moment: datetime, now: datetime) -> Sequence[Connection]:
    """Those that may have been opened before a moment: in doubt a connection counts as old.

    Only the age comes from the server, so its clock need not agree with ours.
    """
    return [connection for connection in found if now - connection.age - AGE_ERROR < moment]
