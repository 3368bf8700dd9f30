"""READY or a list of errors, from every rank, before the first byte."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlps.errors import NotReadyError
from mlps.plan import PlanDocument
from mlps.software import Lock
from runner import hosts, software
from runner.place import Place
from runner.rehearsal import memory
from runner.rehearsal.memory import Appetite
from runner.rehearsal.rank_list import ranges
from runner.rehearsal.row import Row, error, errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one rank answers: who it is, what it runs, what is wrong."""

    pid: int
    plan_digest: str
    software: Lock
    python: str
    cpus_allowed: str
    appetite: Appetite
    problems: tuple[Row, ...]


def own_answer(
    doc: PlanDocument, place: Place, where: str, lock: Lock, problems: Sequence[Row]
) -> Answer:
    """Answer for this rank; rank 0 compares itself with the plan's lock, too."""
    plan_lock = software.lock_of_plan(doc, where)
    found = [*problems, *software.missing(lock)]
    if place.rank == 0:
        found += software.from_plan(lock, plan_lock)
    return Answer(
        pid=os.getpid(),
        plan_digest=doc.digest,
        software=lock,
        python=platform.python_version(),
        cpus_allowed=hosts.own_cpus_allowed(),
        appetite=memory.find_appetite(doc.plan),
        problems=tuple(found),
    )


def shake(comm: Any, place: Place, answer: Answer) -> tuple[Answer, ...]:  # noqa: ANN401
    """Exchange answers; NotReadyError on every rank when any has a problem.

    Collective over `comm`.
    """
    answers: list[Answer] = comm.allgather(answer)
    problems = problems_of(place, answers)
    if problems:
        raise NotReadyError(table(place, problems))
    return tuple(answers)


def problems_of(place: Place, answers: Sequence[Answer]) -> list[tuple[int, Row]]:
    """Name what is wrong with which rank: by its own word, or beside the others."""
    found = [
        (rank, problem)
        for rank, said in enumerate(answers)
        for problem in (*said.problems, *differences(said, answers[0]))
    ]
    rows = memory.judge_groups(place.nodes, [said.appetite for said in answers])
    return [*found, *((rank, row) for rank, row in rows if errors([row]))]


def table(place: Place, problems: Sequence[tuple[int, Row]]) -> str:
    """Render the one table of all problems, grouped by host."""
    grouped: dict[tuple[str, Row], list[int]] = {}
    for rank, problem in problems:
        grouped.setdefault((place.hosts[rank], problem), []).append(rank)
    ready = place.world - len({rank for rank, _ in problems})
    lines = [f"not ready: {ready} of {place.world} ranks said READY, nothing was read"]
    for (host, problem), ranks in sorted(grouped.items(), key=lambda item: item[1]):
        where = f"{host} rank {ranges(ranks)}"
        lines.append(f"  {where:<24} {problem.says}")
        if problem.fix:
            lines.append(f"  {'':<24}   fix: {problem.fix}")
    return "\n".join(lines)


def differences(said: Answer, first: Answer) -> list[Row]:
    """Name what a rank runs otherwise than rank 0."""
    compared = (
        ("plan", "plan digest", said.plan_digest, first.plan_digest),
        ("interpreter", "Python", said.python, first.python),
    )
    found = [
        error(
            check,
            f"{subject}: {mine}, rank 0 has {theirs}",
            "install the same version on every host",
        )
        for check, subject, mine, theirs in compared
        if mine != theirs
    ]
    return [*found, *software.from_rank_0(said.software, first.software)]
