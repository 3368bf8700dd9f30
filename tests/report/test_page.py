"""The page: whole, self-contained, escaped, and readable in every light."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rules.finding import Finding, Verdict
from rules.report.chapter import Chapter, Tone
from rules.report.html import picture
from rules.report.html.markup import safe
from rules.report.html.page import judgement_page
from tests.report import crowd, hostile

VOID = {"meta", "br", "hr", "img"}
LOADS = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}


class Reader(HTMLParser):
    """Keeps the open elements; a wrong end tag is an assertion."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def whole(demo) -> str:
    run = crowd.run(hosts=10)
    return judgement_page("demo", [replace(demo, runs=(*demo.runs, run))])


def test_every_element_is_closed_and_ids_are_unique(whole):
    ids = [a["id"] for _, a in read(whole).found if "id" in a]
    assert len(ids) == len(set(ids))


def test_nothing_is_loaded_from_anywhere(whole):
    for tag, attributes in read(whole).found:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        for name in LOADS & set(attributes):
            assert attributes[name].startswith(("data:image/png;base64,", "#")), tag
        assert not any(name.startswith("on") for name in attributes)
        assert "style" not in attributes
    style = resources.files("rules.report.html").joinpath("style.css").read_text()
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in whole


def test_every_picture_can_be_read_aloud(whole):
    ids = {a["id"] for _, a in read(whole).found if "id" in a}
    pictures = [
        a for tag, a in read(whole).found if tag == "svg" and a.get("role") == "img"
    ]
    assert len(pictures) > 20
    for found in pictures:
        assert set(found["aria-labelledby"].split()) <= ids
    loose = [
        a
        for tag, a in read(whole).found
        if tag == "svg" and "role" not in a and a.get("class") != "paths"
    ]
    assert all(a.get("aria-hidden") == "true" for a in loose)
    assert '<html lang="en">' in whole


def test_text_of_strangers_is_only_text():
    reader = read(judgement_page(hostile.TEXT, [hostile.chapter()]))
    scripts = [tag for tag, _ in reader.found if tag == "script"]
    assert len(scripts) == 1
    assert "<script>alert(1)</script>" in reader.text
    assert "\\x1b[31m" in reader.text
    assert not re.search(r"[\x00\x1b\u202e]", reader.text)


@given(text=st.text())
def test_any_text_survives_escaping_without_markup(text):
    shown = safe(text)
    shown.encode()
    assert not re.search(r"[<>\"']", shown)
    reader = read(f"<p>{shown}</p>")
    assert [tag for tag, _ in reader.found] == ["p"]


def test_what_is_wrong_stands_before_what_passes():
    def finding(name: str, verdict: Verdict) -> Finding:
        return Finding(rule_id="1", name=name, verdict=verdict, actual="so")

    chapter = Chapter(
        title="t",
        where="w",
        stage="campaign",
        verdict="INVALID",
        tone=Tone.BAD,
        notes=(),
        exit_status=1,
        findings=(
            finding("allGood", Verdict.PASS),
            finding("isWaived", Verdict.WAIVED),
            finding("isMissing", Verdict.NO_EVIDENCE),
            finding("isWrong", Verdict.FAIL),
        ),
    )
    text = judgement_page("t", [chapter])
    order = [text.index(n) for n in ("isWrong", "isMissing", "isWaived", "allGood")]
    assert order == sorted(order)
    assert text.index("INVALID") < order[0]


def test_rules_that_say_the_same_share_a_card_and_repeats_say_it_once():
    def lost(rule_id: str, where: str) -> Finding:
        return Finding(
            rule_id=rule_id,
            name=f"rule{rule_id}",
            verdict=Verdict.NO_EVIDENCE,
            actual="evidence.h5 is missing",
            where=where,
        )

    alike = (lost("A", "run 1"), lost("B", "run 1"))
    often = tuple(lost("C", f"run {n}") for n in range(30))
    chapter = replace(hostile.chapter("plain"), findings=(*alike, *often))
    text = read(judgement_page("t", [chapter])).text
    assert text.count("evidence.h5 is missing") == 2
    assert "NO_EVIDENCE x 30" in text
    assert "and 20 more" in text


def test_a_judgement_of_another_source_needs_no_runs():
    text = judgement_page("tree", [replace(hostile.chapter("plain"), stage="result")])
    assert "Official and recomputed" in text
    assert "not recorded" in text
    assert "How each number was computed" not in text


def test_a_run_that_cannot_be_read_says_why(demo):
    lost = replace(demo.runs[1], fault="evidence.h5 is missing", epochs=(), phases=())
    text = judgement_page("t", [replace(demo, runs=(lost,))])
    assert "evidence.h5 is missing" in read(text).text


def test_the_page_says_how_waiting_is_split(whole):
    assert "storage while a reader was opening or reading" in read(whole).text
    assert "no CPU while readers could run and had none" in " ".join(
        read(whole).text.split()
    )


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes() -> list[dict[str, str]]:
    """Colours of the light page, the dark one and of print."""
    style = resources.files("rules.report.html").joinpath("style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(blocks) == 3
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", b)) for b in blocks]


@pytest.mark.parametrize("colours", palettes(), ids=["light", "dark", "print"])
def test_contrast_is_at_least_that_of_wcag_aa(colours):
    for ground in ("page", "card"):
        for ink in ("text", "muted", "good", "caution", "bad", "waived"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for tone in ("good", "caution", "bad"):
        assert contrast(colours[tone], colours[f"{tone}-soft"]) >= 4.5, tone
        assert contrast(colours["text"], colours[f"{tone}-soft"]) >= 4.5, tone
    for phase in ("epoch", "flush", "writing"):
        assert contrast(colours["muted"], colours[phase]) >= 4.5, phase
    for mark in ("s1", "s2", "s3", "s4", "s5", "s6", "q1", "q2", "q3", "q4"):
        assert contrast(colours[mark], colours["card"]) >= 3, mark
        assert contrast(colours[mark], colours["epoch"]) >= 3, mark
    for bar in ("s1", "s2", "s3", "s6"):
        assert contrast(colours[bar], colours["in-bar"]) >= 4.5, bar


def test_pictures_of_tables_are_png_with_gaps_transparent():
    uri = picture.data_uri([[0.0, None], [1.0, 0.5]])
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    pixels = Image.open(BytesIO(data)).convert("RGBA")
    assert pixels.size == (2, 2)
    assert pixels.getpixel((0, 0)) == (*picture.RAMP[0], 255)
    assert pixels.getpixel((0, 1)) == (*picture.RAMP[-1], 255)
    assert pixels.getpixel((1, 0))[3] == 0
