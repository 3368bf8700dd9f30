"""READY or a list of errors, from every rank, before the first byte."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlps.errors import NotReadyError
from runner.ground import Problem
from runner.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one rank answers: who it is, what it runs, what is wrong."""

    pid: int
    plan_digest: str
    software_digest: str
    python: str
    cpus_allowed: str
    problems: tuple[Problem, ...]


def shake(comm: Any, place: Place, answer: Answer) -> tuple[Answer, ...]:  # noqa: ANN401
    """Exchange answers; NotReadyError on every rank when any has a problem.

    Collective over `comm`.
    """
    answers: list[Answer] = comm.allgather(answer)
    problems = [
        (rank, problem)
        for rank, said in enumerate(answers)
        for problem in (*said.problems, *_differences(said, answers[0]))
    ]
    if problems:
        raise NotReadyError(table(place, problems))
    return tuple(answers)


def table(place: Place, problems: Sequence[tuple[int, Problem]]) -> str:
    """Render the one table of all problems, grouped by host."""
    grouped: dict[tuple[str, Problem], list[int]] = {}
    for rank, problem in problems:
        grouped.setdefault((place.hosts[rank], problem), []).append(rank)
    ready = place.world - len({rank for rank, _ in problems})
    lines = [f"not ready: {ready} of {place.world} ranks said READY, nothing was read"]
    for (host, problem), ranks in sorted(grouped.items(), key=lambda item: item[1]):
        where = f"{host} rank {_ranges(ranks)}"
        lines.append(f"  {where:<24} {problem.subject}: {problem.problem}")
        lines.append(f"  {'':<24}   fix: {problem.fix}")
    return "\n".join(lines)


def _differences(said: Answer, first: Answer) -> list[Problem]:
    compared = (
        ("plan digest", said.plan_digest, first.plan_digest),
        ("mlps code", said.software_digest, first.software_digest),
        ("Python", said.python, first.python),
    )
    return [
        Problem(
            subject=subject,
            problem=f"{mine}, rank 0 has {theirs}",
            fix="install the same version on every host",
        )
        for subject, mine, theirs in compared
        if mine != theirs
    ]


def _ranges(ranks: Sequence[int]) -> str:
    parts: list[list[int]] = []
    for rank in sorted(ranks):
        if parts and rank == parts[-1][-1] + 1:
            parts[-1].append(rank)
        else:
            parts.append([rank])
    return ",".join(
        str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts
    )
