"""Real campaign directories with synthetic rows, written by the real writer.

`write` makes a sealed campaign as the runner leaves it; `rewrite` takes one run anew
with edited tables and seals it again, so that only the edit is wrong.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlps import sizing, summary
from mlps.evidence import BY_NAME
from mlps.evidence.reader import read
from mlps.evidence.table import StructArray
from mlps.evidence.writer import EvidenceWriter
from mlps.plan import Phase, PhaseKind, Plan, PlanDocument, Run, render
from tests.rules import sampled

WALL_NS = 1_790_000_000_000_000_000
RUN_NS = 600_000_000_000
"""Longer than any run on its monotonic clock, which begins with the run."""
FIRST_NS = 1_000_000_000
"""When the first phase begins, on the monotonic clock."""
GAP_NS = 1_000_000_000
CODE = "sha256:" + "c" * 64
HOST_MEMORY = 2**33
CALIBRATED_AU = 0.99
LEAST_READ_NS = 200_000
"""Less than a file takes, by the buckets below."""
SOFTWARE = (
    ("cpython", "3.11", ""),
    ("mlps", "0.1.0", "sha256:" + "d" * 64),
    ("h5py", "3.12.1", "sha256:" + "a" * 64),
    ("numpy", "2.1.3", "sha256:" + "b" * 64),
)

Tables = dict[str, StructArray]
Edit = Callable[[Tables], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What the synthetic runs are like."""

    au: float = 0.95
    slowest_au: float = 0.93
    gap_ns: int = GAP_NS
    memory_bytes: int = HOST_MEMORY
    fs_type: str = "ext4"


PLAIN = Taste()


def write(results: Path, doc: PlanDocument, taste: Taste = PLAIN) -> Path:
    """Write a whole sealed campaign; returns its directory."""
    campaign = results / doc.campaign_name
    campaign.mkdir(parents=True)
    (campaign / "plan.yaml").write_bytes(render(doc))
    events = [event("start")]
    for run in doc.plan.campaign.runs:
        run_id = run_id_of(run)
        events.append(event("run_started", run.number, run_id))
        head = chain_head(write_run(campaign, doc, run, taste=taste))
        events.append(event("run_sealed", run.number, run_id, head))
    write_ledger(campaign, [*events, event("end")])
    write_sums(campaign)
    return campaign


def rewrite(
    campaign: Path, doc: PlanDocument, number: int, edit: Edit, taste: Taste = PLAIN
) -> None:
    """Take one run anew with edited tables, and seal it and the sums again."""
    run = doc.plan.campaign.runs[number]
    directory = directory_of(campaign, run)
    for name in ("evidence.h5", "summary.json"):
        (directory / name).unlink()
    write_run(campaign, doc, run, edit=edit, taste=taste)
    reseal(campaign, directory)


def reseal(campaign: Path, directory: Path) -> None:
    """Make ledger and checksums agree with what a run directory holds now."""
    run_id = directory.name.rsplit("-", 1)[-1]
    events = ledger_events(campaign)
    for data in events:
        if data["event"] == "run_sealed" and data["run_id"] == run_id:
            data["detail"] = chain_head(directory)
    write_ledger(campaign, events)
    write_sums(campaign)


def chain_head(directory: Path) -> str:
    return json.loads((directory / "summary.json").read_text())["chain_head"]


def write_run(  # noqa: PLR0913 - each is a way to spoil a run
    campaign: Path,
    doc: PlanDocument,
    run: Run,
    *,
    edit: Edit | None = None,
    taste: Taste = PLAIN,
    sealed: bool = True,
) -> Path:
    """Write one run directory; unsealed runs have neither outcome nor summary."""
    tables = tables_of(doc, run, taste)
    if not sealed:
        del tables["outcome"]
    if edit is not None:
        edit(tables)
    directory = directory_of(campaign, run)
    directory.mkdir(parents=True, exist_ok=True)
    with EvidenceWriter(directory / "evidence.h5") as writer:
        for name, rows in tables.items():
            writer.append(name, rows)
    if sealed:
        write_summary(directory, doc.plan)
    return directory


def write_summary(directory: Path, plan: Plan) -> None:
    evidence = read(directory / "evidence.h5")
    try:
        data = summary.summarize(plan, evidence.tables)
    except (LookupError, ValueError):
        data = {}
    data["evidence_sha256"] = sha256(directory / "evidence.h5")
    data["chain_head"] = evidence.chain_head if len(evidence.tables["chain"]) else ""
    (directory / "summary.json").write_text(json.dumps(data, indent=2))


def write_sums(campaign: Path) -> None:
    files = [campaign / "plan.yaml"]
    for path in sorted(campaign.glob("runs/*/summary.json")):
        files += [path.with_name("evidence.h5"), path]
    lines = [f"{sha256(path)}  {path.relative_to(campaign)}\n" for path in files]
    (campaign / "SHA256SUMS").write_text("".join(lines))


def event(
    name: str, run: int | None = None, run_id: str = "", detail: str = ""
) -> dict[str, object]:
    return {
        "event": name,
        "run": run,
        "run_id": run_id,
        "wall_ns": WALL_NS,
        "detail": detail,
    }


def write_ledger(campaign: Path, events: list[dict[str, object]]) -> None:
    """Write the events as lines, each bound to the one before."""
    previous, lines = "", []
    for data in events:
        line = json.dumps({**data, "previous": previous})
        previous = hashlib.sha256(line.encode()).hexdigest()
        lines.append(line + "\n")
    (campaign / "campaign.jsonl").write_text("".join(lines))


def ledger_events(campaign: Path) -> list[dict[str, object]]:
    lines = (campaign / "campaign.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(x).items() if k != "previous"} for x in lines]


def run_id_of(run: Run) -> str:
    return f"{run.number:08x}"


def directory_of(campaign: Path, run: Run) -> Path:
    return campaign / "runs" / f"{run.label}-{run_id_of(run)}"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tables_of(doc: PlanDocument, run: Run, taste: Taste) -> Tables:
    """Rows of every table a rule or metric reads, consistent with the plan."""
    world = sizing.ranks(doc.plan.system)
    start_ns = WALL_NS + run.number * (RUN_NS + taste.gap_ns)
    plan_bytes = np.frombuffer(bytearray(render(doc)), dtype=np.uint8)
    tables = {
        "plan": plan_bytes.view(BY_NAME["plan"].dtype),
        "run": rows(
            "run",
            (
                run_id_of(run),
                run.number,
                run.kind.value,
                doc.digest,
                "0.1.0",
                CODE,
                start_ns,
            ),
        ),
        "hosts": _hosts(doc.plan, taste),
        "ranks": _ranks(doc, world),
        "dataset": rows("dataset", ("sha256:m", *_dataset(doc.plan), 2, 2**17)),
    }
    steps, phases = _timed(doc.plan, run, taste, start_ns)
    tables |= {"steps": steps, "phases": phases, "latency": _latency(phases)}
    tables["software"] = rows("software", *SOFTWARE)
    tables["clock"] = _clock(phases, start_ns)
    tables |= sampled.tables(doc.plan, phases, taste.memory_bytes, taste.fs_type)
    tables["outcome"] = rows("outcome", ("complete", -1, "", start_ns + RUN_NS))
    return tables


def rows(table: str, *values: tuple[object, ...]) -> StructArray:
    """Rows of a table from tuples; text is encoded."""
    encoded = [
        tuple(v.encode() if isinstance(v, str) else v for v in row) for row in values
    ]
    return np.array(encoded, dtype=BY_NAME[table].dtype)


def _hosts(plan: Plan, taste: Taste) -> StructArray:
    return rows(
        "hosts",
        *(
            (
                n,
                f"node{n}",
                "6.1",
                "x86_64",
                "cpu",
                8,
                taste.memory_bytes,
                4096,
                -1,
                f"b{n}",
            )
            for n in range(plan.system.hosts)
        ),
    )


def _ranks(doc: PlanDocument, world: int) -> StructArray:
    each = doc.plan.system.accelerators_per_host
    return rows(
        "ranks",
        *(
            (r, r // each, r % each, 100 + r, "0-1", doc.digest, CODE, "3.11")
            for r in range(world)
        ),
    )


def _dataset(plan: Plan) -> tuple[int, int]:
    return plan.workload.dataset.files, sizing.dataset_bytes(plan.workload.dataset)


def _clock(phases: StructArray, wall_ns: int) -> StructArray:
    """Measured at the start, a little before each epoch, and at the end."""
    measured = []
    for rank in sorted(set(phases["rank"].tolist())):
        own = phases[phases["rank"] == rank]
        epochs = own[own["epoch"] > 0]
        moments = [("start", FIRST_NS // 2)]
        moments += [(r["name"], int(r["start_ns"]) - 1000) for r in epochs]
        moments += [("end", int(own["end_ns"].max()) + 1000)]
        apart = (rank * 1000, 500 * (rank > 0), wall_ns)
        measured += [(rank, moment, at, *apart) for moment, at in moments]
    return rows("clock", *measured)


def _timed(
    plan: Plan, run: Run, taste: Taste, wall_ns: int
) -> tuple[StructArray, StructArray]:
    world = sizing.ranks(plan.system)
    steps, phases = [], []
    for rank in range(world):
        clock_ns = FIRST_NS
        au = taste.slowest_au if rank == world - 1 else taste.au
        for number, phase in enumerate(run.phases):
            own = _steps(plan, phase, clock_ns, au)
            own["rank"], own["phase"] = rank, number
            took = int(own["wait_ns"].sum() + own["compute_ns"].sum()) or 1_000_000
            samples, size = int(own["samples"].sum()), int(own["delivered_bytes"].sum())
            if phase.kind is PhaseKind.DATAGEN:
                files, size = _dataset(plan)
                samples, size = files // world, size // world
            row = (rank, number, phase.name, phase.epoch, clock_ns, clock_ns)
            wall_start_ns = wall_ns + clock_ns
            row += (clock_ns + took, wall_start_ns, "complete", len(own), samples, size)
            phases.append(row)
            steps.append(own)
            clock_ns += took
    return np.concatenate(steps), rows("phases", *phases)


def _steps(plan: Plan, phase: Phase, clock_ns: int, au: float) -> StructArray:
    """Steps of an epoch, or of the calibration: those get their bytes from memory."""
    if phase.kind is PhaseKind.CALIBRATION:
        count = plan.derived.calibration_steps
        return _paced(plan, phase.epoch, clock_ns, CALIBRATED_AU, count)
    if phase.kind is PhaseKind.EPOCH:
        count = plan.derived.steps_per_epoch
        return _paced(plan, phase.epoch, clock_ns, au, count)
    return rows("steps")


def _paced(plan: Plan, epoch: int, clock_ns: int, au: float, count: int) -> StructArray:
    batch = plan.workload.reader.batch_size
    compute_ns = round(plan.workload.train.computation_time_s * 1e9)
    wait_ns = round(compute_ns * (1 - au) / au)
    own = np.zeros(count, dtype=BY_NAME["steps"].dtype)
    own["epoch"] = epoch
    own["step"] = np.arange(count)
    own["start_ns"] = clock_ns + own["step"] * (wait_ns + compute_ns)
    own["wait_ns"], own["compute_ns"] = wait_ns, compute_ns
    own["wait_storage_ns"] = min(wait_ns * 9 // 10, LEAST_READ_NS)
    own["wait_starved_ns"] = wait_ns // 100
    own["compute_requested_ns"] = compute_ns
    own["samples"] = batch
    own["delivered_bytes"] = sizing.step_bytes(plan.workload)
    return own


def _latency(phases: StructArray) -> StructArray:
    """Each sample a file, read by one call; slower ranks have later buckets."""
    found = []
    for row in phases[phases["epoch"] > 0]:
        rank, phase, start_ns, files = (
            int(row[key]) for key in ("rank", "phase", "start_ns", "samples")
        )
        for operation, bucket in (("open", 1100), ("read", 1500), ("sample", 1570)):
            for number, count in (
                (bucket, files - files // 2),
                (bucket + 9, files // 2),
            ):
                found.append((rank, phase, operation, start_ns, number + rank, count))
    return rows("latency", *found)
