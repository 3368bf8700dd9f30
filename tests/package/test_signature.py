"""Signatures: whose they are, of what, and what a missing one means."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rules.engine import judge
from rules.package import signature
from rules.package.layout import SIGNATURE, STATEMENT
from rules.package.signature import SignatureError, Signers
from rules.sources.campaign import subjects
from rules.subject import Subject
from tests.package.packages import (
    key,
    listed_anew,
    restated,
    signed_by_another,
    signed_for_another_purpose,
    told,
    untouched,
    verdicts,
    without_statement,
)
from tests.rules.bench import judged, said


def signers(folder: Path, name: str = "reviewer@example.org") -> Signers:
    """Allowed signers: the holder of `key`."""
    path = folder / "allowed"
    path.write_text(f"{name} {(folder / 'key.pub').read_text()}")
    return Signers(file=path, name=name)


def judged_for(path: Path, asked: Signers):
    (found,) = subjects(path, signers=asked)
    assert isinstance(found, Subject), found
    return judge(found.doc, found.stage, found.stored, found.record)


def test_a_signature_names_its_key_and_no_identity(signed, tmp_path):
    judgement = judged(signed)
    assert verdicts(judgement) == ("PASS", "PASS")
    print_of = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "key.pub"],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout.split()[1]
    assert print_of in told(judgement, "EV-31")
    assert "identity not checked: give --allowed-signers" in told(judgement, "EV-31")


def test_the_signer_asked_for(signed, tmp_path):
    judgement = judged_for(signed, signers(tmp_path))
    assert verdicts(judgement) == ("PASS", "PASS")
    assert "(reviewer@example.org)" in told(judgement, "EV-31")


def test_a_signature_by_another_key_is_good_but_not_the_one_asked_for(signed, tmp_path):
    signed_by_another(signed)
    assert verdicts(judged(signed)) == ("PASS", "PASS")
    judgement = judged_for(signed, signers(tmp_path))
    assert verdicts(judgement) == ("PASS", "FAIL")
    assert said(judgement, "EV-31")[0].fix


def test_another_name_than_the_file_allows(signed, tmp_path):
    asked = replace(signers(tmp_path), name="somebody@example.org")
    assert verdicts(judged_for(signed, asked))[1] == "FAIL"


def test_allowed_signers_that_are_not_there(signed, tmp_path):
    asked = Signers(file=tmp_path / "nothing", name="reviewer@example.org")
    assert "No such file" in told(judged_for(signed, asked), "EV-31")


@pytest.mark.parametrize("spoil", [untouched, lambda p: (p / STATEMENT).unlink()])
def test_a_stripped_signature_that_was_asked_for(signed, tmp_path, spoil):
    asked = signers(tmp_path)
    (signed / SIGNATURE).unlink()
    spoil(signed)
    listed_anew(signed)
    judgement = judged_for(signed, asked)
    assert verdicts(judgement)[1] == "FAIL"
    assert "no signature" in told(judgement, "EV-31")


def test_only_a_package_can_be_signed(bench, tmp_path):
    campaign = bench.demo
    key(tmp_path)
    asked = signers(tmp_path)
    assert verdicts(judged_for(campaign.path, asked)) == ("NO_EVIDENCE", "FAIL")
    (lone,) = subjects(campaign.run(2), signers=asked)
    assert "only a package can be signed" in lone.problem


def test_a_statement_changed_after_it_was_signed(signed):
    restated(verdict="CLOSED")(signed)
    judgement = judged(signed)
    assert verdicts(judgement) == ("FAIL", "FAIL")
    assert "incorrect signature" in told(judgement, "EV-31")


def test_a_signature_of_another_statement(signed, tmp_path):
    """Swapped: a good signature, but of other bytes."""
    other = tmp_path / STATEMENT
    other.write_text("{}\n")
    signature.sign(tmp_path / "key", other)
    shutil.copy(tmp_path / SIGNATURE, signed / SIGNATURE)
    listed_anew(signed)
    assert verdicts(judged(signed)) == ("PASS", "FAIL")


def test_a_signature_for_another_purpose(signed):
    signed_for_another_purpose(signed)
    judgement = judged(signed)
    assert verdicts(judgement) == ("PASS", "FAIL")
    assert "namespace" in told(judgement, "EV-31")


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"x" * 2**17])
def test_a_signature_that_is_none(signed, data):
    (signed / SIGNATURE).write_bytes(data)
    listed_anew(signed)
    assert verdicts(judged(signed)) == ("PASS", "FAIL")


def test_a_linked_signature_is_not_followed(signed):
    (signed / SIGNATURE).rename(signed.parent / "away")
    (signed / SIGNATURE).symlink_to(signed.parent / "away")
    judgement = judged(signed)
    assert verdicts(judgement)[1] == "FAIL"
    assert "is a link" in told(judgement, "EV-31")


def test_a_signature_can_be_added_to_a_sealed_package(made, tmp_path):
    signature.sign(key(tmp_path), made / STATEMENT)
    assert verdicts(judged(made)) == ("PASS", "PASS")


def test_a_signature_without_a_statement_has_nothing_to_sign(signed):
    without_statement(signed)
    judgement = judged(signed)
    assert verdicts(judgement) == ("NO_EVIDENCE", "NO_EVIDENCE")


def test_without_ssh_keygen_nothing_is_signed_and_nothing_passes(
    signed, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    judgement = judged(signed)
    assert verdicts(judgement) == ("PASS", "NO_EVIDENCE")
    assert "ssh-keygen" in told(judgement, "EV-31")
    with pytest.raises(SignatureError, match="ssh-keygen"):
        signature.sign(tmp_path / "key", signed / "plan.yaml")


def test_an_ssh_keygen_that_is_too_old_is_none(signed, tmp_path, monkeypatch):
    old = tmp_path / "bin" / "ssh-keygen"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'unknown option -- Y' >&2\nexit 1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    assert verdicts(judged(signed))[1] == "NO_EVIDENCE"
