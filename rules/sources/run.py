"""Reads one run directory: evidence.h5 and summary.json into plain records."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlps import summary
from mlps.errors import NotRecordedError
from mlps.evidence import ABSENT
from mlps.evidence.reader import Evidence
from mlps.evidence.table import StructArray
from mlps.metrics import Tables
from mlps.plan import Plan
from rules.evidence_record import HostFacts
from rules.record import (
    Ceiling,
    DatasetFacts,
    Host,
    Rank,
    RunEvidence,
    RunRecord,
    SoftwareRow,
    Utilization,
)
from rules.sources import bounds
from rules.sources.closing import closings
from rules.sources.evidence_facts import host_facts
from rules.sources.folder import Folder, UnreadableError
from rules.sources.operations import operations
from rules.sources.places import EVIDENCE, RUN_NAME, SUMMARY

_SUMMARY_LIMIT = 16 * 2**20
_BAD_ROWS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def record(
    folder: Folder,
    where: str,
    loaded: tuple[Evidence | None, str],
    plan: Plan,
    sealed: bool | None,
) -> RunRecord:
    """Make the record of one run directory; `sealed` None asks the files."""
    evidence, fault = loaded
    facts = None
    if evidence is not None:
        try:
            facts = _evidence(evidence, plan)
        except NotRecordedError as error:
            fault = str(error)
        except _BAD_ROWS as error:
            fault = f"rows make no sense: {type(error).__name__}: {error}"
    stored, summary_fault = _summary(folder, where)
    if sealed is None:
        sealed = stored is not None or (
            facts is not None and facts.outcome == "complete"
        )
    named = RUN_NAME.fullmatch(where.rsplit("/", 1)[-1])
    return RunRecord(
        where=where,
        number=int(named[1]) if named else (facts.number if facts else 0),
        kind=named[2] if named else (facts.kind if facts else ""),
        run_id=named[3] if named else (facts.run_id if facts else ""),
        sealed=sealed,
        evidence=facts,
        evidence_fault=fault,
        evidence_sha256=_digest(folder, where),
        summary=stored,
        summary_fault=summary_fault,
    )


def _join(where: str, name: str) -> str:
    return f"{where}/{name}" if where else name


def _digest(folder: Folder, where: str) -> str:
    try:
        return folder.sha256(_join(where, EVIDENCE))
    except UnreadableError:
        return ""


def _summary(folder: Folder, where: str) -> tuple[Mapping[str, Any] | None, str]:
    try:
        data = json.loads(folder.read(_join(where, SUMMARY), _SUMMARY_LIMIT))
    except UnreadableError as error:
        return None, str(error)
    except (ValueError, RecursionError) as error:
        return {"damaged": str(error)[:100]}, ""
    return (data, "") if isinstance(data, dict) else ({"damaged": "no mapping"}, "")


def _evidence(evidence: Evidence, plan: Plan) -> RunEvidence:
    tables = evidence.tables
    run, ends = evidence.rows("run")[0], tables["outcome"]
    _require_single(tables)
    end = ends[-1] if len(ends) else None
    endless = bounds.fault(tables)
    recomputed, fault = (None, endless) if endless else _recompute(evidence, plan)
    counted = {} if endless else operations(tables["latency"], tables["phases"])
    closed, stray = closings(tables["phases"], tables["steps"], counted)
    return RunEvidence(
        run_id=_text(run["run_id"]),
        number=int(run["number"]),
        kind=_text(run["kind"]),
        plan_bytes=evidence.plan_bytes,
        plan_digest=_text(run["plan_digest"]),
        software_digest=_text(run["software_digest"]),
        mlps_version=_text(run["mlps_version"]),
        outcome=_text(end["outcome"]) if end is not None else "unfinished",
        blamed_rank=int(end["blamed_rank"]) if end is not None else -1,
        reason=_text(end["reason"]) if end is not None else "",
        wall_start_ns=int(run["wall_start_ns"]),
        wall_end_ns=int(end["wall_end_ns"]) if end is not None else None,
        hosts=tuple(_host(row, tables["memory"]) for row in tables["hosts"]),
        ranks=tuple(_rank(row) for row in tables["ranks"]),
        software=tuple(_package(row) for row in tables["software"]),
        closings=closed,
        stray_steps=stray,
        dataset=_dataset(tables["dataset"]),
        utilization=_utilization(recomputed),
        ceiling=_ceiling(recomputed),
        chain_fault=evidence.chain_fault,
        chain_head=evidence.chain_head if len(tables["chain"]) else "",
        recomputed=recomputed,
        recompute_fault=fault,
        host_facts=HostFacts(fault=endless) if endless else host_facts(plan, tables),
    )


def _recompute(evidence: Evidence, plan: Plan) -> tuple[Mapping[str, Any] | None, str]:
    try:
        numbers = summary.summarize(plan, evidence.tables)
        plain: dict[str, Any] = json.loads(json.dumps(numbers))
    except _BAD_ROWS as error:
        return None, f"{type(error).__name__}: {error}"
    return plain, ""


def _utilization(recomputed: Mapping[str, Any] | None) -> Utilization | None:
    training = recomputed["training"] if recomputed else None
    if training is None:
        return None
    return Utilization(
        rules_percent=training["au_rules_percent"],
        dlio_percent=training["au_dlio_percent"],
        slowest_rank=training["slowest_rank"],
        slowest_percent=training["au_slowest_rank_percent"],
        slowest_epoch=training["slowest_epoch"],
        oversleep_percent=training["oversleep_percent"],
        bytes_per_s=training["bytes_per_s"],
        samples_per_s=training["samples_per_s"],
    )


def _ceiling(recomputed: Mapping[str, Any] | None) -> Ceiling | None:
    calibration = recomputed["calibration"] if recomputed else None
    if calibration is None:
        return None
    return Ceiling(
        percent=calibration["ceiling_percent"],
        slowest_rank=calibration["slowest_rank"],
        slowest_percent=calibration["ceiling_slowest_rank_percent"],
        limited_by=calibration["limited_by"],
    )


def _require_single(tables: Tables) -> None:
    """Refuse a second row where there is one of each run: which one would count."""
    for name in ("run", "outcome", "dataset"):
        if len(tables[name]) > 1:
            raise ValueError(f"/{name} has {len(tables[name])} rows, at most 1 is made")


def _host(row: np.void, memory: StructArray) -> Host:
    """Take the memory a host said it has, or more if more was sampled there."""
    sampled = memory["memtotal_bytes"][memory["node"] == row["node"]]
    known = [int(size) for size in np.unique(sampled) if size != ABSENT]
    return Host(
        node=int(row["node"]),
        hostname=_text(row["hostname"]),
        memory_bytes=max(int(row["memory_bytes"]), *known, 0),
    )


def _rank(row: np.void) -> Rank:
    return Rank(
        rank=int(row["rank"]),
        node=int(row["node"]),
        local_rank=int(row["local_rank"]),
        plan_digest=_text(row["plan_digest"]),
        software_digest=_text(row["software_digest"]),
        python=_text(row["python"]),
    )


def _package(row: np.void) -> SoftwareRow:
    return SoftwareRow(
        package=_text(row["package"]),
        version=_text(row["version"]),
        digest=_text(row["digest"]),
    )


def _dataset(rows: StructArray) -> DatasetFacts | None:
    if not len(rows):
        return None
    files, size = int(rows["files"][-1]), int(rows["dataset_bytes"][-1])
    if min(files, size) < 0:
        raise ValueError(f"/dataset holds {files} files of {size} bytes")
    return DatasetFacts(files=files, dataset_bytes=size)


def _text(value: bytes) -> str:
    return bytes(value).decode(errors="replace")
