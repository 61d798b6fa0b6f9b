"""moto's choice of a service by host name, remembered.

Stock moto lists its own installation folder twice a request to find it: about a millisecond (bench/local_aws.py).
"""

from __future__ import annotations

from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app


class MotoDispatch(DomainDispatcherApplication):
    """moto's WSGI application for all its services."""

    def __init__(self) -> None:
        """Makes a service's application at its first request, as moto does."""
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """moto's name of the service that answers `host`; it depends on nothing but moto's own code."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]
