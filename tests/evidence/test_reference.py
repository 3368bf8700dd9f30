"""Generated pages are what the code generates now."""

from pathlib import Path

from mlps.evidence import reference

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_evidence_page_is_generated_from_the_declaring_table():
    page = (DOCS / "evidence.md").read_text(encoding="utf-8")
    assert page == reference.render(), "run `make docs`"
