"""Which engine is taken, and why."""

import http.server
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import engine
from sandbox.engine import EngineError, default_cache, find_or_build, pinned_version
from sandbox.language.build import build
from sandbox.language.launcher import ROOT

PINNED = pinned_version()


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def fake_pulumi(path: Path, version: str, *, official: bool = True) -> Path:
    if official:
        executable(path.parent / "pulumi-language-python", "#!/bin/sh\n")
    return executable(path, f"#!/bin/sh\necho v{version}\n")


def fake_go(folder: Path, build_script: str) -> Path:
    sdk = folder / "sdk"
    executable(sdk / "python" / "cmd" / "pulumi-language-python-exec", "# the executor\n")
    return executable(
        folder / "bin" / "go",
        f"""#!/bin/sh
out=$(echo "$@" | sed -n 's/.*-o \\([^ ]*\\).*/\\1/p')
case "$*" in
  *"-m -f"*) echo {sdk} ;;
  *"-deps"*) echo a b c d ;;
  build*) {build_script} ;;
esac
""",
    )


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without pulumi, Go or the installer's host."""
    monkeypatch.delenv("PULUMI_BIN", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(engine, "_answers", lambda _url: False)
    return tmp_path


@pytest.fixture
def installer(tmp_path: Path) -> Iterator[str]:
    """A host that serves an installer, which makes a pulumi of the version it is asked for."""
    script = b"""
while [ $# -gt 0 ]; do case "$1" in --version) version=$2; shift ;; --install-root) root=$2; shift ;; esac; shift; done
mkdir -p "$root/bin"
printf '#!/bin/sh\\necho v%s\\n' "$version" > "$root/bin/pulumi"
cp "$root/bin/pulumi" "$root/bin/pulumi-language-python"
chmod +x "$root/bin/pulumi"
"""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(script)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def find(cache: Path) -> tuple[engine.Engine, list[str]]:
    said: list[str] = []
    return find_or_build(cache, said.append), said


def test_the_pinned_version_is_the_one_of_go_mod() -> None:
    assert f"github.com/pulumi/pulumi/pkg/v3 v{PINNED}" in (ROOT / "engine" / "go.mod").read_text()


def test_pulumi_bin_comes_first(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pulumi(bare / "bin" / "pulumi", "99.0.0")
    chosen = fake_pulumi(bare / "own" / "pulumi", "3.1.0")
    monkeypatch.setenv("PULUMI_BIN", str(chosen))
    found, said = find(bare / "cache")
    assert (found.binary, found.version) == (chosen, "3.1.0")
    assert len(said) == 1
    assert "as $PULUMI_BIN says" in said[0]


def test_a_pulumi_bin_that_does_not_run_is_an_error(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BIN", str(bare / "missing"))
    with pytest.raises(EngineError, match="correct or unset it"):
        find(bare / "cache")


@pytest.mark.parametrize("version", [PINNED, "3.1000.0", "4.0.0"])
def test_one_on_path_is_taken_when_it_is_new_enough(bare: Path, version: str) -> None:
    on_path = fake_pulumi(bare / "bin" / "pulumi", version)
    found, said = find(bare / "cache")
    assert found.binary == on_path
    assert "on PATH" in said[-1]


def test_an_older_one_on_path_is_passed_over_and_the_line_says_so(bare: Path) -> None:
    fake_pulumi(bare / "bin" / "pulumi", "3.99.0")
    fake_pulumi(bare / "cache" / f"v{PINNED}" / "pulumi", PINNED)
    found, said = find(bare / "cache")
    assert found.binary == bare / "cache" / f"v{PINNED}" / "pulumi"
    assert f"3.99.0, older than the pinned {PINNED}" in said[-1]


def test_the_official_installer_is_used_when_its_host_answers(
    bare: Path, installer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.delenv("PULUMI_BIN", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(engine, "_INSTALLER", installer)
    found, said = find(bare / "cache")
    assert found.binary == bare / "cache" / f"official-v{PINNED}" / "bin" / "pulumi"
    assert "installing pulumi" in said[0]
    again, said = find(bare / "cache")
    assert again.binary == found.binary
    assert "installed before" in said[0]


def test_else_it_is_built_once_and_kept_by_version(bare: Path) -> None:
    fake_go(bare, 'printf "#!/bin/sh\\necho v9\\n" > $out; chmod +x $out; echo built >> ' + str(bare / "count"))
    found, said = find(bare / "cache")
    assert (bare / "cache" / f"v{PINNED}" / "pulumi").is_file()
    assert found.binary.parent.parent.name == "seats"
    assert "built from engine/go.mod" in said[-1]
    find(bare / "cache")
    assert (bare / "count").read_text().count("built") == 1


def test_an_interrupted_build_is_not_taken_for_a_finished_one(bare: Path) -> None:
    fake_pulumi(bare / "cache" / f"v{PINNED}.partial-1" / "pulumi", PINNED)
    with pytest.raises(EngineError, match=r"no Go"):
        find(bare / "cache")


@pytest.mark.parametrize("script", ["exit 1", 'echo "x.go:1: broken" >&2; touch $out; exit 2'])
def test_a_build_that_fails_leaves_nothing_and_says_what_the_compiler_said(bare: Path, script: str) -> None:
    fake_go(bare, script)
    with pytest.raises(EngineError, match=r"broken|it said nothing"):
        find(bare / "cache")
    assert not list((bare / "cache").glob("v*"))


def test_a_build_that_is_stopped_leaves_nothing(bare: Path) -> None:
    fake_go(bare, "touch $out; exec sleep 60")

    def impatient(line: str) -> None:
        if "compiled" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(bare / "cache" / "v1", "1", impatient, every=0.1)
    assert list((bare / "cache").iterdir()) == []


def test_a_build_shows_its_progress(bare: Path) -> None:
    fake_go(bare, "echo some/package >&2; sleep 0.5; touch $out")
    said: list[str] = []
    build(bare / "cache" / "v1", "1", said.append, every=0.1)
    assert any("1 of at most 4 packages compiled" in line or "of at most" in line for line in said)
    assert said[-1].startswith("engine: built in")


def test_without_go_the_error_says_what_to_do(bare: Path) -> None:
    with pytest.raises(EngineError, match=r"no Go .* Install Go .* or set PULUMI_BIN"):
        find(bare / "cache")


def test_the_build_needs_no_change_to_go_sum(bare: Path) -> None:
    fake_go(bare, f'echo "$@" > {bare / "arguments"}; touch $out')
    build(bare / "cache" / "v1", "1", lambda _line: None)
    assert "-mod=readonly" in (bare / "arguments").read_text()


def test_a_language_host_of_our_own_is_placed_only_where_the_official_one_is_missing(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = fake_pulumi(bare / "official" / "pulumi", PINNED)
    monkeypatch.setenv("PULUMI_BIN", str(official))
    assert find(bare / "cache")[0].binary == official
    assert not (bare / "cache").exists()

    lonely = fake_pulumi(bare / "lonely" / "pulumi", PINNED, official=False)
    executable(lonely.parent / "pulumi-language-python-exec", "# the executor\n")
    monkeypatch.setenv("PULUMI_BIN", str(lonely))
    seat = find(bare / "cache")[0].binary
    assert seat.samefile(lonely)
    assert {path.name for path in seat.parent.iterdir()} == {
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
    }
    assert {path.name for path in lonely.parent.iterdir()} == {"pulumi", "pulumi-language-python-exec"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LLMOBS_CACHE": "/one"}, "/one"),
        ({"XDG_CACHE_HOME": "/two"}, "/two/llm-observatory-secrets"),
        ({"HOME": "/three"}, "/three/.cache/llm-observatory-secrets"),
    ],
)
def test_the_cache_is_outside_of_the_checkout(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LLMOBS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_cache() == Path(expected)
