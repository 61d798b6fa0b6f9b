"""Who is told, what is kept as evidence and how backups are kept: part of an environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from catalog.base import Model

EmailAddress = Annotated[str, Field(pattern=r"^[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$", max_length=254)]


class Alerts(Model):
    """Who is told when something is wrong."""

    emails: list[EmailAddress] = Field(min_length=1, description="addresses that confirm a subscription once")
    webhook: str | None = Field(
        default=None, pattern=r"^https://[^\s/@]+(/\S*)?$", description="HTTPS address of a pager"
    )


class Audit(Model):
    """How long the record of every call is kept, where nobody can shorten it."""

    lock_days: int = Field(default=365, ge=365, le=3650, description="days in which nobody can delete a log file")
    archive_after_days: int = Field(default=90, ge=90, le=364, description="days until a log file moves to Glacier")


class Backup(Model):
    """How long a backup is kept, where nobody can shorten it."""

    lock_days: int = Field(default=70, ge=70, le=365, description="days in which nobody can delete a backup: ten weeks")
