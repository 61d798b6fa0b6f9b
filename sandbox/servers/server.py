"""What the callers of a local server get to know about it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server. Clients connect to host and port over TLS and trust `ca_pem`, which is public text."""

    host: str
    port: int
    ca_pem: str
    pid: int
    log: Path
