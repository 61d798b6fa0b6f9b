"""What a new PostgreSQL of ours holds: its configuration, who may connect how, and the guide's roles."""

from collections.abc import Iterator

SUPERUSER = "postgres"
DATABASE = "llm_observatory"

CONFIGURATION = """
# Of the sandbox.
listen_addresses = '{host}'
unix_socket_directories = ''
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
logging_collector = off
log_statement = 'ddl'
log_connections = on
log_line_prefix = '%m [%p] %q%u@%d '
max_connections = 50
# A connection that says nothing holds up even a fast shutdown for this long: its process is not sent a signal.
authentication_timeout = 5s
shared_buffers = 32MB
wal_level = replica
"""

# No line trusts anybody, and there is no socket for a local line. The group's members replicate, nobody else does.
HOST_RULES = """\
hostssl all all 127.0.0.1/32 scram-sha-256
hostssl replication +llm_observatory_replication 127.0.0.1/32 scram-sha-256
hostnossl all all all reject
local all all reject
"""

# Groups hold the privileges and cannot log in; nor can login roles, which have no password before the first rotation.
_ROLES = """\
CREATE ROLE llm_observatory_app NOLOGIN;

CREATE ROLE llm_observatory_readonly NOLOGIN;

CREATE ROLE llm_observatory_replication NOLOGIN;

GRANT pg_read_all_data TO llm_observatory_readonly;

CREATE ROLE app LOGIN IN ROLE llm_observatory_app;

CREATE ROLE readonly LOGIN IN ROLE llm_observatory_readonly;

CREATE ROLE replication LOGIN REPLICATION IN ROLE llm_observatory_replication;

CREATE DATABASE llm_observatory OWNER llm_observatory_app;

REVOKE ALL ON DATABASE llm_observatory FROM PUBLIC;

GRANT CONNECT ON DATABASE llm_observatory TO llm_observatory_readonly, llm_observatory_replication;

REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;

"""

# The owner of the database owns its schema by this name too, so that migrations need no superuser.
_SCHEMA = """\
ALTER SCHEMA public OWNER TO llm_observatory_app;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO llm_observatory_readonly;

"""


def statements() -> Iterator[tuple[str, str]]:
    """Pairs of database and statements for single-user mode, where an empty line ends each statement (option -j)."""
    yield SUPERUSER, _ROLES
    yield DATABASE, _SCHEMA
