"""Report as JUnit XML: one test case for each finding, one suite for each chapter."""

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from rules.finding import BAD, Finding, Verdict
from rules.render import clean
from rules.report.chapter import Chapter

_SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.WAIVED)


def document(chapters: Sequence[Chapter]) -> bytes:
    """XML of all chapters; a chapter without findings is one failed case."""
    root = ElementTree.Element("testsuites", name="mlps report")
    for chapter in chapters:
        _suite(root, chapter)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(root: ElementTree.Element, chapter: Chapter) -> None:
    found = chapter.findings
    lost = not found and chapter.exit_status != 0
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=clean(f"{chapter.title} ({chapter.verdict})"),
        tests=str(len(found) or int(lost)),
        failures=str(sum(f.verdict in BAD for f in found) + int(lost)),
        errors="0",
        skipped=str(sum(f.verdict in _SKIPPED for f in found)),
    )
    if lost:
        case = _case(suite, chapter, chapter.verdict)
        text = clean("; ".join(chapter.notes))
        ElementTree.SubElement(case, "failure", message=text, type=chapter.verdict)
    seen: Counter[str] = Counter()
    for finding in found:
        name = f"{finding.rule_id} {finding.name}"
        seen[name] += 1
        tail = f" [{seen[name]}]" if seen[name] > 1 else ""
        _verdict(_case(suite, chapter, name + tail), finding)


def _case(
    suite: ElementTree.Element, chapter: Chapter, name: str
) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", name=clean(name), classname=clean(chapter.where), time="0"
    )


def _verdict(case: ElementTree.Element, finding: Finding) -> None:
    message = clean(finding.actual or finding.verdict.value)
    if finding.verdict in BAD:
        kind = finding.verdict.value
        failure = ElementTree.SubElement(case, "failure", message=message, type=kind)
        failure.text = _body(finding)
    elif finding.verdict in _SKIPPED:
        ElementTree.SubElement(case, "skipped", message=message)
    elif finding.verdict is not Verdict.PASS:
        out = ElementTree.SubElement(case, "system-out")
        out.text = f"{finding.verdict.value}\n{_body(finding)}"


def _body(finding: Finding) -> str:
    parts = ("expected", "actual", "reading", "where", "fix")
    pairs = [(part, clean(getattr(finding, part))) for part in parts]
    return "\n".join(f"{part}: {text}" for part, text in pairs if text)
