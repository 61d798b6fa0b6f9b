"""The process that the engine starts: `pulumi-language-python <engine address>`."""

import sys
from pathlib import Path

from sandbox.language.host import SERVICE, PythonHost
from sandbox.language.plugin import serve

# The engine puts flags (tracing, root) before the address.
engine = next((argument for argument in reversed(sys.argv[1:]) if not argument.startswith("-")), "")
# The launcher is argv[0]; the executor script lies beside it.
host = PythonHost(engine=engine, executor=Path(sys.argv[0]).resolve().parent / "pulumi-language-python-exec")
serve(SERVICE, host.methods(), workers=8, at_end=host.children.end)
