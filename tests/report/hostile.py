"""Text that strangers may have put into names, and a chapter full of it."""

from rules.finding import Finding, Verdict
from rules.report.chapter import Chapter, Comparison, Fact, Tone

TEXT = "</td><script>alert(1)</script>\"'&|`\x1b[31m\x00\n=1+1 ]]> \u202e \ud800"


def chapter(text: str = TEXT) -> Chapter:
    findings = tuple(
        Finding(
            rule_id="9.9",
            name="aRule",
            verdict=verdict,
            expected=text,
            actual=text,
            where=text,
            fix=text,
        )
        for verdict in Verdict
    )
    return Chapter(
        title=text,
        where=text,
        stage=text,
        verdict=text,
        tone=Tone.BAD,
        notes=(text, text),
        exit_status=1,
        findings=findings,
        comparisons=(
            Comparison(
                where=text,
                name=text,
                unit=text,
                official=1.0,
                recomputed=None,
                agrees=False,
            ),
        ),
        facts=(Fact(name=text, value=text),),
    )
