"""The list of proofs: what it names is there, and a proof that cannot run has failed."""

from __future__ import annotations

import pytest

from proofs import ROOT
from proofs import __main__ as proofs


@pytest.mark.parametrize("name", proofs.NAMES)
def test_every_proof_of_the_list_is_there_and_says_what_it_shows(name: str) -> None:
    assert (ROOT / "proofs" / f"{name}.py").exists()
    assert proofs.promise(name).endswith(".")


def test_a_proof_that_raises_has_failed_and_the_next_one_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Proof:
        def __init__(self, held: bool | None) -> None:
            self.held = held

        def prove(self) -> bool:
            if self.held is None:
                raise RuntimeError("no server")
            return self.held

    given = {"proofs.model": Proof(None), "proofs.crash": Proof(True), "proofs.scale": Proof(False)}
    monkeypatch.setattr("importlib.import_module", given.__getitem__)
    assert proofs.main(["model", "crash"]) == 1
    assert proofs.main(["crash"]) == 0
    assert proofs.main(["scale"]) == 1
    assert capsys.readouterr().out.count("FAILED") == 2


def test_an_unknown_name_is_a_usage_error_that_names_the_proofs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        proofs.main(["everything"])
    assert ended.value.code == 2
    assert "crash" in capsys.readouterr().err
