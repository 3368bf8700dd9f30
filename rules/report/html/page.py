"""Assembles the page: any chapters; those of our own runs with their pictures."""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources

from rules.report import conditions, rows
from rules.report.chapter import Chapter
from rules.report.html import verdict
from rules.report.html.latency_ranges import latency_ranges
from rules.report.html.markup import details, safe, section, table
from rules.report.html.run_section import run_sections
from rules.report.html.tiles import tiles
from rules.report.html.time_split import ATTRIBUTION, time_split
from rules.report.html.utilization import utilization

METHOD = (
    (
        "Utilization",
        "Compute time the plan asks for, divided by the time from the start of the"
        " first to the end of the last step of the window (waiting, compute, barrier);"
        " mean of all ranks of an epoch, mean of all epochs of a run (rule 3.3.2)."
        " DLIO's reading stands beside it: measured compute over the window.",
    ),
    (
        "Possible utilization",
        "The same of the calibration: steps of the same ranks, threads, batches and"
        " compute that get their bytes from memory. No storage could give more.",
    ),
    (
        "Page cache",
        "Bytes of an epoch that its host had without asking storage: what was"
        " delivered minus the storage reads of its ranks (/proc/self/io) and of the"
        " device or NFS mount, from the last sample before the epoch to the first after"
        " it. At least: but for all that was read in that time. At most: but for what"
        " can't have been anything else. The share shown is the middle.",
    ),
    (
        "Throughput",
        "Bytes delivered to ranks divided by the time from the first rank's start to"
        " the last rank's end of each epoch. Over time: each step's bytes spread"
        " evenly over that step. Between epochs nothing is delivered: a gap.",
    ),
    (
        "Latency",
        "Percentiles are read from histograms with buckets 0.8 % wide, merged over"
        " ranks and intervals by adding counts. Percentiles are never averaged. A"
        " value is the upper edge of its bucket.",
    ),
    (
        "Waiting",
        "Of each step the evidence has the wait for a batch, the emulated compute and"
        " the wait in the barrier for the slowest rank; the rest of an epoch lies"
        f" between steps. {ATTRIBUTION}",
    ),
    (
        "Hosts",
        "Counters of /proc of each host, sampled by its first rank. Rates are"
        " increases between two samples, drawn in their middle. A counter that is"
        " absent, falls or misses samples is a gap, never zero. CPU is the share of"
        " all processors; memory in use is MemTotal minus MemAvailable; sectors are"
        " 512 bytes.",
    ),
    (
        "Time",
        "Seconds on rank 0's clock since the first record of the run; other ranks are"
        " corrected by their measured offset. Of long series each drawn stretch keeps"
        " its least and its greatest value.",
    ),
)


def judgement_page(title: str, chapters: Sequence[Chapter]) -> str:
    """Whole page of any judgements; runs are drawn where a chapter has them."""
    parts = "".join(
        _chapter(f"c{place}", chapter, alone=len(chapters) == 1)
        for place, chapter in enumerate(chapters)
    )
    method = details("How each number was computed", _definitions(METHOD))
    shown = method if any(chapter.runs for chapter in chapters) else ""
    return document(title, f"{_contents(chapters)}{parts}{shown}")


def document(title: str, body: str) -> str:
    """Wrap markup into a page that asks nothing of any other place."""
    folder = resources.files("rules.report.html")
    style = folder.joinpath("style.css").read_text(encoding="utf-8")
    script = folder.joinpath("tooltip.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hash(style)};"
        f" script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{safe(title)}</title><style>{style}</style></head>"
        f"<body><main>{body}</main><script>{script}</script></body></html>\n"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _contents(chapters: Sequence[Chapter]) -> str:
    if len(chapters) < 2:
        return ""
    items = "".join(
        f'<li><span class="chip {chapter.tone.value}">{safe(chapter.verdict)}</span>'
        f' <a href="#c{place}">{safe(chapter.title)}</a>'
        f' <span class="where">{safe(chapter.where)}</span></li>'
        for place, chapter in enumerate(chapters)
    )
    return f'<nav aria-label="Contents"><ol>{items}</ol></nav>'


def _chapter(key: str, chapter: Chapter, *, alone: bool) -> str:
    head = (
        f'<header><p class="label">{safe(chapter.stage)}</p>'
        f"<h1>{safe(chapter.title)}</h1>"
        f'<p class="where">{safe(chapter.where)}</p></header>'
    )
    parts = [
        head,
        verdict.banner(chapter),
        tiles(chapter),
        verdict.findings(chapter),
        verdict.comparisons(chapter.comparisons),
        *_pictures(key, chapter),
        _facts(chapter),
    ]
    kind = "chapter" if alone else "chapter one-of-many"
    return f'<article class="{kind}" id="{key}">{"".join(parts)}</article>'


def _pictures(key: str, chapter: Chapter) -> list[str]:
    if not chapter.runs:
        return []
    whole = utilization(key, chapter)
    left, right = time_split(key, chapter), latency_ranges(key, chapter)
    columns = (
        f'<div class="columns"><div class="column wide">{whole}</div></div>'
        f'<div class="columns"><div class="column">{left}</div>'
        f'<div class="column">{right}</div></div>'
    )
    return [
        section("Utilization", columns if whole else ""),
        _numbers(chapter),
        section("Runs over time", run_sections(key, chapter.runs)),
    ]


def _numbers(chapter: Chapter) -> str:
    latencies = table(rows.of_latencies(chapter.runs))
    folded = details("Latency in numbers", latencies) if latencies else ""
    return section(
        "Runs in numbers",
        table(rows.of_runs(chapter.runs)),
        table(conditions.of_stalls(chapter.runs)),
        table(conditions.of_cached(chapter.runs)),
        table(conditions.of_starts(chapter.runs)),
        folded,
    )


def _facts(chapter: Chapter) -> str:
    pairs = [(fact.name, fact.value) for fact in chapter.facts]
    return section("What was judged", _definitions(pairs) if pairs else "")


def _definitions(pairs: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f"<div><dt>{safe(name)}</dt><dd>{safe(value)}</dd></div>"
        for name, value in pairs
    )
    return f'<dl class="facts">{items}</dl>'
