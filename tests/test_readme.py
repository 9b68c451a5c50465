"""The example of the README is what it says: a model from ids as they are."""

import re
from pathlib import Path

import pytest

from implementations import Factors

TEXT = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_example_runs_in_ten_lines(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert len([line for line in EXAMPLE.splitlines() if line]) <= 10
    exec(EXAMPLE, {})  # our own text
    dune_and_ulysses, recommended, known = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\[\d\.\d+ +\d\.\d+\]", dune_and_ulysses)
    assert sorted(re.findall(r"\w+", recommended)) == ["Dune", "Ulysses"]
    assert float(known) == pytest.approx(4, abs=0.3)
    assert Factors.load(tmp_path / "model.npz").user_ids.ids.tolist() == ["ann", "bob", "eve"]
