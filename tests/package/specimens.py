"""Specimens of the rules about packages: passing, failing, without evidence."""

from rules.finding import Verdict
from tests.package.packages import (
    of_package,
    restated,
    signed_for_another_purpose,
    untouched,
    without_statement,
)
from tests.rules.specimens import Specimen

PASS, FAIL, NONE = Verdict.PASS, Verdict.FAIL, Verdict.NO_EVIDENCE

PACKAGE_SPECIMENS = (
    Specimen("EV-30", PASS, "as sealed", of_package(untouched)),
    Specimen("EV-30", PASS, "as sealed and signed", of_package(untouched, signed=True)),
    Specimen(
        "EV-30",
        FAIL,
        "a better verdict than is derived",
        of_package(restated(verdict="CLOSED")),
        "verdict is 'CLOSED', derived anew 'WHATIF'",
    ),
    Specimen(
        "EV-30",
        FAIL,
        "a dropped file",
        of_package(lambda made: (made / "campaign.jsonl").unlink()),
        "campaign.jsonl is missing",
    ),
    Specimen(
        "EV-30",
        FAIL,
        "an added file",
        of_package(lambda made: (made / "more.txt").write_text("more")),
        "more.txt is not in SHA256SUMS",
    ),
    Specimen(
        "EV-30",
        NONE,
        "no statement",
        of_package(without_statement),
        "statement.json is missing",
    ),
    Specimen("EV-31", PASS, "signed", of_package(untouched, signed=True)),
    Specimen(
        "EV-31",
        FAIL,
        "signed for another purpose",
        of_package(signed_for_another_purpose, signed=True),
        "namespace does not match",
    ),
    Specimen(
        "EV-31",
        NONE,
        "signed, but the statement is gone",
        of_package(without_statement, signed=True),
        "statement.json, which it would sign",
    ),
)
