"""The page in a real browser: laid out, in each width and light, and its tooltips.

A second page holds the report in a frame of the width of a screen, asks the browser
what it made of it, and writes the answers where `--dump-dom` shows them.
"""

import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rules.report.html.page import judgement_page
from tests.report import crowd, hostile

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium on PATH: install it to lay the page out"
)
LAPTOP, PHONE = 1280, 390
QUESTIONS = """
<!DOCTYPE html><body><iframe id="page" src="page.html" width="WIDTH" height="3000">
</iframe><pre id="answers"></pre><script>
const frame = document.getElementById("page");
frame.addEventListener("load", () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  page.querySelectorAll("details").forEach((fold) => { fold.open = true; });
  const boxes = (plot) => [...plot.querySelectorAll("text")]
    .filter((t) => view.getComputedStyle(t).display !== "none")
    .map((t) => [t.textContent, t.getBoundingClientRect()])
    .filter(([, b]) => b.width > 0);
  const overlaps = [];
  page.querySelectorAll("svg.plot").forEach((plot) => {
    const found = boxes(plot);
    found.forEach(([a, one], n) => found.slice(n + 1).forEach(([b, two]) => {
      const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      if (wide > 1 && high > 3) { overlaps.push(a + " / " + b); }
    }));
  });
  const group = [...page.querySelectorAll(".timed-group")].pop();
  const plot = group && group.querySelector("figure.timed svg.plot");
  let tip = "", crosses = 0;
  if (plot) {
    const box = plot.getBoundingClientRect();
    plot.dispatchEvent(new view.PointerEvent("pointermove", {
      clientX: box.left + 0.3 * box.width, clientY: box.top + 20, bubbles: true }));
    tip = page.getElementById("tip").textContent;
    crosses = page.querySelectorAll("line.cross").length;
  }
  const root = page.documentElement;
  document.getElementById("answers").textContent = JSON.stringify({
    scroll: root.scrollWidth, width: root.clientWidth, overlaps, tip, crosses,
    ground: view.getComputedStyle(page.body).backgroundColor,
    alerts: page.scripts.length,
  });
});
</script></body>
"""


def chromium(folder: Path, *arguments: str) -> str:
    assert BROWSER is not None
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
            f"--user-data-dir={folder / 'profile'}",
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return done.stdout


def asked(folder: Path, page: str, width: int, *, dark: bool = False) -> dict:
    (folder / "page.html").write_text(page, encoding="utf-8")
    questions = folder / "questions.html"
    questions.write_text(QUESTIONS.replace("WIDTH", str(width)))
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    shown = chromium(
        folder,
        scheme,
        "--virtual-time-budget=4000",
        "--window-size=1600,3200",
        "--dump-dom",
        questions.as_uri(),
    )
    answers = re.search(r'<pre id="answers">(.*?)</pre>', shown, re.DOTALL)
    assert answers, shown[:500]
    return json.loads(html.unescape(answers[1]))


@pytest.fixture(scope="module")
def page(demo) -> str:
    runs = (*demo.runs, crowd.run(hosts=6, epochs=3, steps=30))
    return judgement_page("demo", [replace(demo, runs=runs)])


@pytest.mark.parametrize("width", [LAPTOP, PHONE])
def test_nothing_scrolls_sideways_and_no_labels_overlap(page, width, tmp_path):
    found = asked(tmp_path, page, width)
    assert found["scroll"] <= found["width"] == width
    assert found["overlaps"] == []


def test_the_crosshair_tells_values_at_one_time_in_all_charts(page, tmp_path):
    found = asked(tmp_path, page, LAPTOP)
    assert found["crosses"] > 3
    assert re.search(r"^[\d.]+ s\n.*: ", found["tip"])


def test_the_page_follows_the_scheme_of_the_reader(page, tmp_path):
    light = asked(tmp_path, page, LAPTOP)["ground"]
    dark = asked(tmp_path, page, LAPTOP, dark=True)["ground"]
    assert light != dark


def test_hostile_text_runs_nothing_and_breaks_no_layout(tmp_path):
    long = hostile.TEXT + "x" * 3000
    found = asked(tmp_path, judgement_page("x", [hostile.chapter(long)]), PHONE)
    assert found["alerts"] == 1
    assert found["scroll"] <= found["width"]


def test_it_prints(page, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    chromium(tmp_path, f"--print-to-pdf={tmp_path / 'r.pdf'}", file.as_uri())
    printed = (tmp_path / "r.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 40
