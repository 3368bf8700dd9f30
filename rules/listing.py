"""The rules themselves as text: a list, an explanation of one, and docs/rules.md."""

import sys
import textwrap
from collections.abc import Sequence

from rules.catalogue import CATALOGUE
from rules.columns import aligned
from rules.edition import Edition, Severity, editions
from rules.rule import Rule, Scope, Stage

_STAGES = {
    Stage.PLAN: "plan, run",
    Stage.RUN: "run",
    Stage.CAMPAIGN: "campaign",
}
_WIDTH = 88


def catalogue(rules: Sequence[Rule], edition: Edition) -> str:
    """One line for each rule: its state in the edition, and what it judges."""
    rows = [("rule", "state", "name", "judges")]
    rows += [(r.id, state(r, edition), r.name, judges(r)) for r in rules]
    lines = aligned(rows, range(len(rows[0])))
    return "\n".join([f"{edition.title}: {len(rules)} rules", *lines])


def state(rule: Rule, edition: Edition) -> str:
    """Say in one word what breaking the rule means in the edition."""
    if rule.id in edition.absent:
        return "absent"
    if rule.definition:
        return "definition"
    warns = edition.strict(rule.id).severity is Severity.WARNING
    return "warning" if warns else "error"


def judges(rule: Rule) -> str:
    """Say what the rule judges: ours by stage, published trees by scope."""
    own = _STAGES[rule.needs] if rule.judge else ""
    scopes = [s.value.replace("_", " ") for s in Scope if s in rule.stored]
    stored = f"published {', '.join(scopes)}" if scopes else ""
    return "; ".join(part for part in (own, stored) if part) or "nothing itself"


def explanation(rule: Rule, edition: Edition) -> str:
    """Explain a rule in words, with the numbers of the edition and their sources."""
    lines = [f"{rule.id} {rule.name}", "", rule.explanation]
    if rule.ours:
        lines += ["", *textwrap.wrap(f"Ours: {rule.ours}", width=_WIDTH)]
    lines += ["", f"Edition {edition.edition}: {state(rule, edition)}"]
    for number in _numbers(rule, edition):
        lines += textwrap.wrap(
            number, width=_WIDTH, initial_indent="  * ", subsequent_indent="    "
        )
    lines += ["", f"Judges: {judges(rule)}"]
    if not rule.id.startswith("EV-"):
        lines += ["", "Sources:", *(f"  * {source}" for source in edition.sources)]
    return "\n".join(lines)


def _numbers(rule: Rule, edition: Edition) -> list[str]:
    if rule.id in edition.absent:
        return [edition.absent_reading]
    reading = edition.strict(rule.id).reading
    return [*rule.numbers(edition), *([f"reading: {reading}"] if reading else [])]


def reference(rules: Sequence[Rule]) -> str:
    """Render docs/rules.md: every rule, its state in each edition, its numbers."""
    names = [edition.edition for edition in editions()]
    lines = [
        "# Rules",
        "",
        "Every rule that `mlps verify` judges by. Written by `make docs`; the same text"
        " for one rule: `mlps rules ID --edition NAME`.",
        "",
        "| rule | name | " + " | ".join(names) + " | judges |",
        "|---|---|" + "---|" * len(names) + "---|",
    ]
    for rule in rules:
        states = " | ".join(state(rule, edition) for edition in editions())
        link = f"[{rule.id}](#{_anchor(rule)})"
        lines.append(f"| {link} | {rule.name} | {states} | {judges(rule)} |")
    for rule in rules:
        lines += ["", f"## {rule.id} {rule.name}", "", *_section(rule)]
    return "\n".join(lines) + "\n"


def _section(rule: Rule) -> list[str]:
    lines = [rule.explanation]
    if rule.ours:
        lines += ["", f"Ours: {rule.ours}"]
    shown: dict[tuple[str, ...], list[str]] = {}
    for edition in editions():
        numbers = tuple(_numbers(rule, edition))
        if numbers:
            shown.setdefault(numbers, []).append(edition.edition)
    for numbers, where in shown.items():
        lines += ["", f"Edition {', '.join(where)}:", ""]
        lines += [f"* {' '.join(number.split())}" for number in numbers]
    return lines


def _anchor(rule: Rule) -> str:
    title = f"{rule.id} {rule.name}".lower().replace(" ", "-")
    return "".join(c for c in title if c.isalnum() or c == "-")


if __name__ == "__main__":
    sys.stdout.write(reference(CATALOGUE))
