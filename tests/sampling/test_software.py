"""The digest of the software: equal for equal code, other for other code."""

import subprocess
import sys
from importlib import metadata

import pytest

from mlps.errors import NotReadyError
from runner import software
from runner.software import software_digest, sources


def test_equal_in_another_process_that_imported_more():
    script = (
        "import runner.hosts, runner.software as s; print(s.software_digest().digest)"
    )
    said = subprocess.run(
        [sys.executable, "-P", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert said.stdout.strip() == software_digest().digest


def test_versions_are_those_installed():
    found = software_digest()
    assert f"numpy=={metadata.version('numpy')}" in found.versions
    assert found.versions[0].startswith(f"{sys.implementation.name}==3.")
    assert len(found.digest) == 64


def test_sources_are_sorted_and_only_python(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.py").write_text("2")
    (tmp_path / "b.py").write_text("1")
    (tmp_path / "notes.txt").write_text("x")
    assert sources(tmp_path) == [("b.py", b"1"), ("b/a.py", b"2")]


def test_changed_or_moved_code_changes_the_digest(tmp_path, monkeypatch):
    monkeypatch.setattr(software, "_folder", lambda package: tmp_path / package)
    for package in ("mlps", "runner"):
        (tmp_path / package).mkdir()
    module = tmp_path / "runner" / "a.py"
    module.write_text("x = 1\n")
    first = software_digest().digest
    module.write_text("x = 2\n")
    second = software_digest().digest
    module.rename(module.with_name("b.py"))
    assert len({first, second, software_digest().digest}) == 3


def test_other_versions_change_the_digest(monkeypatch):
    before = software_digest().digest
    monkeypatch.setattr(software, "_version", lambda _: "0")
    assert software_digest().digest != before


def test_missing_distribution_is_named(monkeypatch):
    monkeypatch.setattr(software, "_DISTRIBUTIONS", ("no-such-thing",))
    with pytest.raises(NotReadyError, match="'no-such-thing' is not installed"):
        software_digest()
