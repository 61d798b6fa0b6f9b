"""A rotation in flight, as the database keeps it: that is how it survives a restart."""

import uuid
from dataclasses import dataclass

from sandbox.aws.secretsmanager.storage import SecretStorage

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_COLUMNS = "arn, token, kind, step, attempt, due, rotation_token"


@dataclass(frozen=True, kw_only=True)
class RotationRow:
    """One rotation: which step is next (index in STEPS), how many attempts failed, and when it is due.

    `kind` is "rotate" (RotateSecret), "scheduled" or "test".
    """

    arn: str
    token: str
    kind: str
    step: int
    attempt: int
    due: float
    rotation_token: str


def begin(storage: SecretStorage, arn: str, token: str, kind: str, due: float) -> None:
    """Remember a rotation that is to run at `due`; in the transaction that makes it so."""
    storage.connection().execute(
        "INSERT OR REPLACE INTO rotations VALUES (?, ?, ?, 0, 0, ?, ?)", (arn, token, kind, due, str(uuid.uuid4()))
    )


def all_rows(storage: SecretStorage) -> list[RotationRow]:
    """Every rotation that is not finished, the most urgent first."""
    rows = storage.connection().execute(f"SELECT {_COLUMNS} FROM rotations ORDER BY due")  # noqa: S608 - fixed names
    return [_row(values) for values in rows]


def is_alive(storage: SecretStorage, row: RotationRow) -> bool:
    """True while nobody cancelled, replaced or deleted this rotation."""
    found = storage.connection().execute("SELECT token FROM rotations WHERE arn = ?", (row.arn,)).fetchone()
    return found is not None and found[0] == row.token


def reach_step(storage: SecretStorage, row: RotationRow, step: int) -> None:
    """Remember that a step is about to be invoked: after a crash it is invoked again, so steps run at least once."""
    storage.connection().execute(
        "UPDATE rotations SET step = ? WHERE arn = ? AND token = ?", (step, row.arn, row.token)
    )


def try_later(storage: SecretStorage, row: RotationRow, due: float) -> None:
    """Start again from the first step at `due`, with the same token."""
    storage.connection().execute(
        "UPDATE rotations SET step = 0, attempt = ?, due = ? WHERE arn = ? AND token = ?",
        (row.attempt + 1, due, row.arn, row.token),
    )


def end(storage: SecretStorage, row: RotationRow) -> None:
    """Forget this rotation."""
    storage.connection().execute("DELETE FROM rotations WHERE arn = ? AND token = ?", (row.arn, row.token))


def _row(values: tuple[str, str, str, int, int, float, str]) -> RotationRow:
    arn, token, kind, step, attempt, due, rotation_token = values
    return RotationRow(
        arn=arn, token=token, kind=kind, step=step, attempt=attempt, due=due, rotation_token=rotation_token
    )
