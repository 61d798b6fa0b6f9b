"""Modules as bytecode for Lambda's Python: the same bytes whatever process asks for them.

/var/task is read-only, so a function that brings sources compiles each of them at each cold start. AWS recommends to
bring no `__pycache__`, because bytecode of another architecture or system "might not be compatible"
(docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-pycache). CPython's depends on neither, only on
its version, which its magic number tells (docs.python.org/3/library/importlib.html#importlib.util.MAGIC_NUMBER); so
another one is refused here. docs/adr/0014 has what was measured.
"""

from __future__ import annotations

import importlib.util
import marshal
import platform
import subprocess
import sys
from collections.abc import Collection, Mapping
from functools import cache

RUNTIME = "python3.11"
# Of every release of 3.11: Lib/importlib/_bootstrap_external.py of CPython, 3495.
_MAGIC = (3495).to_bytes(2, "little") + b"\r\n"
# PEP 552: the hash of the source is in the head and is not checked, because the source is not there.
_UNCHECKED_HASH = (1).to_bytes(4, "little")
# marshal writes which strings the whole process shares (github.com/python/cpython/issues/78274), so what was imported
# before would change the bytes: an interpreter of its own, without site, has imported nothing. It writes no columns
# beside the lines either, because they point into a source that is not there.
_COMPILER = (sys.executable, "-I", "-S", "-X", "no_debug_ranges", "-c")
_COMPILE = """\
import marshal, sys
modules = marshal.load(sys.stdin.buffer)
codes = [compile(text, member, "exec", dont_inherit=True, optimize=level) for member, text, level in modules]
sys.stdout.buffer.write(marshal.dumps([marshal.dumps(code) for code in codes]))
"""
_AS_WRITTEN, _WITHOUT_DOCSTRINGS = 0, 2  # `optimize` of compile(); the second leaves out assert statements too


class BytecodeError(RuntimeError):
    """This Python makes bytecode that Lambda's cannot run, or a source is none."""


def compiled(sources: Mapping[str, bytes], *, undocumented: Collection[str] = frozenset()) -> dict[str, bytes]:
    """The modules of a package by their names, `.py`, as bytecode without source, by theirs, `.pyc`.

    A traceback names the source's place in the package and its line. The `undocumented` lose their docstrings and
    assert statements, as with `python -OO`; their dataclasses would then make up a docstring when they are imported.

    Raises:
        BytecodeError: this is not Python 3.11, or a source does not compile.
    """
    if importlib.util.MAGIC_NUMBER != _MAGIC:
        raise BytecodeError(
            f"a package holds bytecode for Lambda's {RUNTIME}, and this is Python {platform.python_version()}; "
            f"run with Python 3.11, as `make setup` installs it"
        )
    modules = [
        (member, source, _WITHOUT_DOCSTRINGS if member in undocumented else _AS_WRITTEN)
        for member, source in sorted(sources.items())
    ]
    codes = _codes(tuple(modules))
    return {
        f"{member.removesuffix('.py')}.pyc": _MAGIC + _UNCHECKED_HASH + importlib.util.source_hash(source) + code
        for (member, source, _), code in zip(modules, codes, strict=True)
    }


@cache  # a program packages each function once, its tests many times
def _codes(modules: tuple[tuple[str, bytes, int], ...]) -> tuple[bytes, ...]:
    command = [*_COMPILER, _COMPILE]
    ran = subprocess.run(command, input=marshal.dumps(modules), capture_output=True, check=False)  # noqa: S603
    if ran.returncode:
        last = ran.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise BytecodeError(f"a module of the package does not compile ({last}); correct it")
    return tuple(marshal.loads(ran.stdout))  # noqa: S302 - what our own child wrote
