"""Every recorded value is judged: changing it trips a rule, or it is named harmless.

Each mutant is sealed again as one who wants to deceive would do it. So no checksum
and no chain helps: a rule that reads the value must notice, unless the list below says
why nobody has to. What a rule raises on a strange value is a fault of the rule.
"""

from collections.abc import Collection
from fnmatch import fnmatchcase

import pytest

from mlps.evidence import BY_NAME
from rules.catalogue import CATALOGUE
from rules.finding import BAD, Verdict
from rules.sources.campaign import subjects
from tests.rules.bench import bad
from tests.rules.campaigns import Tables
from tests.rules.mutation import SEALS, Original, claimed, mutants_of
from tests.rules.test_catalogue import SPECIMENS

GENERATED, MEASURED = 0, 2
_SHOWN = "shown in reports, claimed by no rule"
_MORE_LOOKS = "other samples stand in, or the same is said twice"
_DESCRIBES = "describes the machine; nothing is derived from it"

HARMLESS = {
    "*:reversed": "the order of rows says nothing",
    "events:*": "told to people, judged by nobody",
    "stalls*": "told to people: a report of waiting ends no run",
    "observers[:.]*": "names hosts without ranks: what they count is only shown",
    # Who and where.
    "hosts.hostname:*": _DESCRIBES,
    "hosts.kernel:*": _DESCRIBES,
    "hosts.machine:*": _DESCRIBES,
    "hosts.cpu_model:*": _DESCRIBES,
    "hosts.cpus:*": _DESCRIBES,
    "hosts.memory_limit_bytes:*": _DESCRIBES,
    "hosts.boot_id:*": "a host may be booted between two starts of a campaign",
    "hosts.memory_bytes:one raised": "the dataset is large enough for that, too",
    "hosts.memory_bytes:* least": "the larger of /hosts and /memory counts",
    "hosts.page_bytes:* raised": "the sample is still a part of the dataset",
    "ranks.pid:*": _DESCRIBES,
    "ranks.cpus_allowed:*": _DESCRIBES,
    "mounts.path:*": "judged by its mount",
    "mounts.options:*": _DESCRIBES,
    "mounts.device:*": _DESCRIBES,
    "mounts.free_bytes:*": _DESCRIBES,
    "mounts:doubled": _MORE_LOOKS,
    "mounts:a row twice": _MORE_LOOKS,
    "mounts:a row of nothing": "neither data nor results are there",
    # Clocks: measured around each epoch, so that one more or less changes little.
    "clock:doubled": _MORE_LOOKS,
    "clock:a row twice": _MORE_LOOKS,
    "clock.rank:one *": _MORE_LOOKS,
    "clock.moment:*": "the time of a measurement counts, not its name",
    "clock.sampled_at_ns:one *": _MORE_LOOKS,
    "clock.sampled_at_ns:all raised": "still around every epoch",
    "clock.offset_ns:one raised": "half a microsecond",
    "clock.error_ns:* raised": "still far below a quarter of a step",
    # What was done.
    "steps.wait_s*_ns:* raised": "another cause, but the same wait",
    "latency.bucket:all raised": "files that took longer, but not too long",
    "latency.count:one raised": "a file may take more reads than one",
    "flushes.cached_before_bytes:* raised": "there was more to flush",
    "flushes.cached_before_bytes:* most": "there was more to flush",
    "flushes.cached_after_bytes:* raised": "still less than before",
    "flushes.sampled_pages:* raised": "more pages looked at prove more",
    "flushes.resident_pages:* raised": "one page of ten thousand",
    "dataset.verified_*:* raised": "more was looked at, but not more than there is",
    "direct_io:doubled": _MORE_LOOKS,
    "direct_io:a row twice": _MORE_LOOKS,
    "direct_io:a row of nothing": "no file was looked at",
    # Counters: those of /process must grow, and read bytes must be enough.
    "process:doubled": _MORE_LOOKS,
    "process:a row twice": _MORE_LOOKS,
    "process.io_rchar:all raised": "more was read than was delivered",
    "process.io_read_bytes:all raised": "more was fetched than was delivered",
    "process.io_[!r]*:all *": _SHOWN,
    "process.*_faults:all *": _SHOWN,
    "process.*_ticks:all *": _SHOWN,
    "process.*_switches:all *": _SHOWN,
    "process.run_*ns:all *": _SHOWN,
    "process.sampler_cpu_ns:all *": _SHOWN,
    "process.parse_cpu_ns:all *": _SHOWN,
    "process.threads:*": _SHOWN,
    "process.*rss_bytes:*": _SHOWN,
    "process.late_ns:*": _SHOWN,
    "cpu:doubled": _MORE_LOOKS,
    "cpu:a row twice": _MORE_LOOKS,
    "cpu:a row of nothing": _MORE_LOOKS,
    "cpu.*_ticks:*": _SHOWN,
    "cpu.context_switches:*": _SHOWN,
    "cpu.procs_*:*": _SHOWN,
    "cpu.load1_hundredths:*": _SHOWN,
    "memory.[!m]*:*": _SHOWN,
    "memory.m[!e]*:*": _SHOWN,
    "memory.mem[!t]*:*": _SHOWN,
    "memory:*": "the host says its memory itself",
    "vmstat*": _SHOWN,
    "net*": _SHOWN,
    "pressure*": _SHOWN,
    "disks:doubled": _MORE_LOOKS,
    "disks:a row *": _MORE_LOOKS,
    "disks.node:one *": _MORE_LOOKS,
    "disks.device:one *": _MORE_LOOKS,
    "disks.sectors_read:all raised": "the device may serve others, too",
    "disks.sectors_[!r]*:*": _SHOWN,
    "disks.read*_*:*": _SHOWN,
    "disks.write*_*:*": _SHOWN,
    "disks.discard*_*:*": _SHOWN,
    "disks.flush*_*:*": _SHOWN,
    "disks.*io_ms:*": _SHOWN,
    "disks.in_flight:*": _SHOWN,
    "nfs:doubled": _MORE_LOOKS,
    "nfs:a row *": _MORE_LOOKS,
    "nfs.node:one *": _MORE_LOOKS,
    "nfs.mount_point:one *": _MORE_LOOKS,
    "nfs.server_read_bytes:all raised": "the mount may serve others, too",
    "nfs.server_write_bytes:*": _SHOWN,
    "nfs.[nd]*_bytes:*": _SHOWN,
    "nfs.*_pages:*": _SHOWN,
}
"""Mutants that no rule has to notice, and why; a rule that trips on one is wrong."""

HARMLESS_IN_A_CALIBRATION = {
    "*:reversed": HARMLESS["*:reversed"],
    "steps.wait_s*_ns:* raised": HARMLESS["steps.wait_s*_ns:* raised"],
    "phases.wall_start_ns:*": "pauses are judged between runs that read",
}


@pytest.fixture(scope="module")
def runs(claim, tmp_path_factory) -> dict[str, Original]:
    """The same closed claim on local disks and over NFS."""
    over_nfs = claimed(tmp_path_factory.mktemp("nfs"), "nfs")
    return {"ext4": claim, "nfs": over_nfs}


WRITTEN = (
    "steps.wait_ns:one raised",
    "flushes.method:one other",
    "ranks:emptied",
    "hosts.kernel:all other",
)
CASES = [("ext4", name) for name in BY_NAME if name not in SEALS | {"nfs"}]
CASES += [("nfs", "nfs"), ("nfs", "mounts")]


def is_harmless(name: str, known: Collection[str] = HARMLESS) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in known)


@pytest.mark.parametrize(("kind", "table"), CASES)
def test_each_change_of_the_evidence_is_noticed(runs, hunt, kind, table):
    wrong = []
    for mutant in mutants_of(table):
        judgement = runs[kind].judged(mutant, MEASURED)
        if judgement is not None:
            fault = hunt.fault(judgement, is_harmless=is_harmless(mutant.name))
            wrong += [f"{mutant.name} {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("table", ["steps", "phases"])
def test_each_change_of_the_calibration_is_noticed(claim, hunt, table):
    """Its run has no other steps, and no other phase than the data generation."""
    wrong = []
    for mutant in mutants_of(table):
        judgement = claim.judged(mutant, GENERATED)
        if judgement is not None:
            harmless = is_harmless(mutant.name, HARMLESS_IN_A_CALIBRATION)
            fault = hunt.fault(judgement, is_harmless=harmless)
            wrong += [f"{mutant.name} {fault}"] if fault else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", ["ext4", "nfs"])
def test_the_original_trips_nothing(runs, kind):
    assert bad(runs[kind].judged_as(runs[kind].doc)) == set()


def test_each_harmless_mutant_is_there():
    tables = set(BY_NAME) - SEALS
    names = [mutant.name for table in tables for mutant in mutants_of(table)]
    unknown = [p for p in HARMLESS if not any(fnmatchcase(name, p) for name in names)]
    assert unknown == []


@pytest.mark.parametrize("name", WRITTEN)
def test_a_mutant_is_judged_alike_when_it_was_really_written(bench, name):
    """Those above are sealed in memory; here the writer and the reader take part."""
    campaign = bench.demo
    (found,) = subjects(campaign.path)
    table = name.replace(".", ":").split(":")[0]
    (mutant,) = [each for each in mutants_of(table) if each.name == name]
    judgement = Original(found).judged(mutant, MEASURED)

    def write(tables: Tables) -> None:
        tables[table] = mutant.change(tables[table])

    campaign.edit(MEASURED, write)
    assert judgement is not None
    assert bad(campaign.judged()) == bad(judgement)


def test_every_rule_can_be_tripped(hunt):
    """By a mutant, or by a specimen of its own."""
    shown = {s.rule_id for s in SPECIMENS if s.verdict in BAD | {Verdict.WARN}}
    judges = {rule.id for rule in CATALOGUE if rule.judge}
    assert judges - hunt.tripped - shown == set()
