"""Hosts without ranks are shown and never judged: their rows change no verdict."""

import numpy as np
import pytest

from mlps.evidence import BY_NAME
from rules.report.hosts import OBSERVERS_DRAWN
from tests.report import crowd
from tests.rules.bench import bad
from tests.rules.mutation import Mutant, claimed

_KERNEL = ("cpu", "memory", "vmstat", "disks", "net", "pressure")
_MEASURED = 2


def observed(tables: dict[str, np.ndarray], node: int, count: int) -> dict:
    """The tables with strange rows of a host without ranks in all of them."""
    found = dict(tables)
    row = np.zeros(1, BY_NAME["observers"].dtype)
    row["node"], row["host"], row["transport"] = node, b"storage-1", b"ssh"
    found["observers"] = np.concatenate([tables["observers"], row])
    for table in _KERNEL:
        own = np.zeros(count, BY_NAME[table].dtype)
        for name in own.dtype.names or ():
            if own.dtype[name].kind == "u":
                own[name] = np.arange(count)[::-1]  # falls: it was booted anew
        own["node"] = node
        own["sampled_at_ns"] = 10**9 * np.arange(count)
        if table == "disks":
            own["device"] = b"nvme0n1"  # as the client names its own
        found[table] = np.concatenate([tables[table], own])
    return found


@pytest.mark.parametrize("fs_type", ["ext4", "nfs"])
def test_rows_of_an_observer_change_no_verdict(tmp_path, fs_type):
    original = claimed(tmp_path, fs_type)
    tables = original.tables[_MEASURED]
    forged = {_MEASURED: observed(tables, 2, 40)}
    judgement = original.judged_with(forged, original.doc, original._stored)
    before = original.judged(Mutant("none", "events", _one_event), _MEASURED)
    assert before is not None
    assert bad(judgement) == bad(before)
    assert [(f.rule_id, f.verdict, f.actual) for f in judgement.findings] == [
        (f.rule_id, f.verdict, f.actual) for f in before.findings
    ]


def _one_event(rows: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, np.zeros(1, rows.dtype)])


def test_a_client_without_device_is_not_given_that_of_an_observer(tmp_path):
    original = claimed(tmp_path, "ext4")
    tables = dict(original.tables[_MEASURED])
    tables["disks"] = tables["disks"][:0]
    judged = [
        original.judged_with({_MEASURED: rows}, original.doc, original._stored)
        for rows in (tables, observed(tables, 2, 40))
    ]
    assert bad(judged[0]) == bad(judged[1]) != set()


def test_an_observer_is_shown_with_its_name_and_what_it_did():
    tables = crowd.tables(3, 2, 20)
    rows = np.zeros(1, BY_NAME["observers"].dtype)
    rows["node"], rows["host"] = 2, b"storage-1"
    tables["hosts"] = tables["hosts"][:2]
    tables["ranks"] = tables["ranks"][tables["ranks"]["node"] < 2]
    run = crowd.run(hosts=3, spoiled={**tables, "observers": rows})
    shown = run.hosts[-1]
    assert shown.hostname == "storage-1 (observed)"
    assert (shown.node, shown.ranks, shown.wait_percent) == (2, 0, None)
    assert shown.cpu_busy_percent is not None
    found = {panel.name: panel for panel in shown.panels}
    assert found["disk"].series[0].values[0] == pytest.approx(crowd.READ_BYTES_PER_S)


def test_of_many_observers_some_are_drawn():
    tables = crowd.tables(12, 1, 20)
    rows = np.zeros(10, BY_NAME["observers"].dtype)
    rows["node"] = np.arange(2, 12)
    tables["hosts"] = tables["hosts"][:2]
    tables["ranks"] = tables["ranks"][tables["ranks"]["node"] < 2]
    run = crowd.run(hosts=12, epochs=1, spoiled={**tables, "observers": rows})
    assert len(run.hosts) == 12
    assert sum(bool(host.panels) for host in run.hosts) == 2 + OBSERVERS_DRAWN
