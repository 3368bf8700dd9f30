"""Facts about hosts and ranks, gathered once: the first rows of each evidence."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlps.evidence.table import StructArray
from runner.record import hosts
from runner.record.recorder import to_rows
from runner.world.handshake import Answer
from runner.world.place import Place

Facts = dict[str, StructArray]


def gather(
    comm: Any,  # noqa: ANN401 - mpi4py communicator
    here: Place,
    answers: Sequence[Answer],
    paths: Sequence[tuple[str, Path]],
) -> Facts:
    """Gather hosts, mounts of the paths, ranks and software on rank 0. Collective."""
    mine = None
    if here.leads_node:
        mine = (hosts.host_rows(here.node), hosts.mount_rows(here.node, paths))
    said = [pair for pair in comm.gather(mine, root=0) or () if pair]
    if not said:
        return {}
    return {
        "hosts": np.concatenate([host for host, _ in said]),
        "mounts": np.concatenate([mounts for _, mounts in said]),
        "ranks": to_rows("ranks", _ranks(here, answers)),
        "software": to_rows("software", _software(answers[0])),
    }


def _ranks(here: Place, answers: Sequence[Answer]) -> list[tuple[object, ...]]:
    seen: Counter[int] = Counter()
    rows: list[tuple[object, ...]] = []
    for rank, (answer, node) in enumerate(zip(answers, here.nodes, strict=True)):
        rows.append(
            (
                rank,
                node,
                seen[node],
                answer.pid,
                answer.cpus_allowed,
                answer.plan_digest,
                answer.software.digest,
                answer.python,
            )
        )
        seen[node] += 1
    return rows


def _software(answer: Answer) -> list[tuple[object, ...]]:
    """List what rank 0 runs: after the handshake, what all ranks run."""
    interpreter = (sys.implementation.name, answer.python, "")
    packages = ((p.name, p.version, p.digest) for p in answer.software.packages)
    return [interpreter, *packages]
