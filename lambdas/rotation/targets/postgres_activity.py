# ruff: noqa: S608 - names in SQL are quoted by identifier() or literal()
"""Who is logged in as a role: its sessions are looked at before a credential is retired, and ended after.

The view pg_stat_activity, its states and backend types:
https://www.postgresql.org/docs/15/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from pg8000.native import literal  # type: ignore[import-untyped]

from rotation.errors import RotationError
from rotation.targets.postgres_session import APPLICATION, Session

END_SECONDS = 5  # below the session's statement_timeout
NAMED = 20  # stragglers that are named one by one; an alert has a limit
_PAUSE_SECONDS = 0.05


def sessions_of(username: str, *, before: datetime | None = None, spare_rotators: bool = False) -> str:
    """A condition on pg_stat_activity: the role's sessions without our own, those that began earlier only if asked."""
    conditions = [f"usename = {literal(username)}", "pid <> pg_backend_pid()"]
    if before is not None:
        conditions.append(f"backend_start < {_moment(before)}")
    if spare_rotators:
        conditions.append(f"application_name <> {literal(APPLICATION)}")
    return " AND ".join(conditions)


def stragglers(session: Session, sessions: str, *, logins_since: datetime | None = None) -> Sequence[str]:
    """One text for each session that is not to be cut off yet; never the statement that it runs.

    That is one in the middle of something, or one that logged in after `logins_since`. A standby's stream counts only
    by its login: it is always active and comes back by itself. A base backup is a walsender too, and does not.
    """
    busy = "CASE backend_type WHEN 'walsender' THEN r.state = 'backup' ELSE a.state <> 'idle' END"
    late = "false" if logins_since is None else f"a.backend_start > {_moment(logins_since)}"
    rows = session.run(
        f"SELECT a.usename, a.application_name, coalesce(host(a.client_addr), 'a local socket'), a.backend_start, "
        f"CASE backend_type WHEN 'walsender' THEN 'walsender: ' || r.state ELSE a.state END "
        f"FROM (SELECT * FROM pg_stat_activity WHERE {sessions}) a LEFT JOIN pg_stat_replication r USING (pid) "
        f"WHERE ({busy}) OR {late} ORDER BY a.backend_start"
    )
    named = [
        f"role '{role}', application '{application}', from {address}, "
        f"since {since.astimezone(UTC).isoformat(timespec='seconds')}, {state}"
        for role, application, address, since, state in rows[:NAMED]
    ]
    return [*named, f"and {len(rows) - NAMED} sessions more"] if len(rows) > NAMED else named


def end(session: Session, username: str, sessions: str, *, looks: int = 1) -> None:
    """Terminate sessions and see that they are gone; RotationError names the pid of one that does not end.

    Sessions survive every change of the role's password and NOLOGIN (measured), so retirement needs this. `looks` is
    how many looks in a row must find nobody: a login that was just accepted is not in the view yet.
    """
    # Inside a transaction the view is a snapshot of its first use, so each look clears it.
    body = (
        f"DECLARE give_up timestamptz := clock_timestamp() + interval '{END_SECONDS} s'; empty int := 0; "
        f"BEGIN LOOP "
        f"PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sessions}; "
        f"IF FOUND THEN empty := 0; ELSE empty := empty + 1; END IF; "
        f"EXIT WHEN empty >= {looks} OR clock_timestamp() > give_up; "
        f"PERFORM pg_sleep({_PAUSE_SECONDS}); PERFORM pg_stat_clear_snapshot(); "
        f"END LOOP; END"
    )
    session.run(f"DO {literal(body)}")
    left = session.run(f"SELECT pid FROM pg_stat_activity WHERE {sessions} ORDER BY pid")
    if left:
        pids = ", ".join(str(pid) for (pid,) in left)
        raise RotationError(
            f"role '{username}': the session with pid {pids} did not end in {END_SECONDS} s; "
            f"see at the server what it waits for, then run the step again"
        )


def _moment(moment: datetime) -> str:
    return f"{literal(moment.isoformat())}::timestamptz"
