"""The services beside database and cache whose credentials rotate, and where their APIs are: part of an environment."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from catalog.base import Model

Url = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:\d{1,5})?$", max_length=253)]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]


HTTPS = 443


class Grafana(Model):
    """Our Grafana."""

    url: Url = Field(description="where it serves its HTTP API, without a path")
    ca_pem: str | None = Field(default=None, description="CA of its certificate in PEM; absent: the public ones")

    @property
    def port(self) -> int:
        """The port of its URL."""
        return urlsplit(self.url).port or HTTPS


class OpenAi(Model):
    """The project whose service account gets the keys."""

    url: Url = "https://api.openai.com"
    project: Slug = Field(description="the project's id, as proj_…")


class Anthropic(Model):
    """Anthropic's API."""

    url: Url = "https://api.anthropic.com"


class Sentry(Model):
    """The project whose client keys are the DSNs."""

    url: Url = "https://sentry.io"
    organization: Slug = Field(description="its slug")
    project: Slug = Field(description="its slug")


class Services(Model):
    """Who issues the credentials that are neither the database's nor the cache's."""

    grafana: Grafana
    openai: OpenAi
    anthropic: Anthropic = Anthropic()
    sentry: Sentry
