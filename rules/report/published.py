"""Makes chapters of the judged parts of a published tree."""

from rules.finding import BAD, Verdict
from rules.report.chapter import Chapter, Comparison, Fact, Tone
from rules.review import Review


def chapter(part: Review) -> Chapter:
    """Show one judged part: its findings, and official numbers beside ours."""
    judgement = part.judgement
    verdicts = {finding.verdict for finding in judgement.findings}
    return Chapter(
        title=part.title,
        where=part.where,
        stage=part.scope.value,
        verdict=part.verdict,
        tone=_tone(part, verdicts),
        notes=_notes(part),
        exit_status=part.exit_status,
        findings=judgement.findings,
        comparisons=tuple(
            Comparison(
                where=c.place or c.where,
                name=c.metric,
                unit=c.unit,
                official=c.official,
                recomputed=c.recomputed,
                agrees=c.agrees,
                tolerance=c.tolerance,
            )
            for c in part.comparisons
        ),
        facts=(
            Fact(name="Part", value=f"{part.scope.value} {part.where}"),
            Fact(name="Edition", value=f"{part.edition}: {part.reason}"),
        ),
    )


def _tone(part: Review, verdicts: set[Verdict]) -> Tone:
    if part.exit_status:
        return Tone.BAD
    return Tone.CAUTION if verdicts & (BAD | {Verdict.WARN}) else Tone.GOOD


def _notes(part: Review) -> tuple[str, ...]:
    notes = [f"claimed {part.judgement.claim.value} in edition {part.edition}"]
    if part.judgement.partial:
        notes.append("an excerpt, judged as far as it goes")
    return (*notes, *(f"not read: {text}" for text in part.unread))
