"""Gathering what the ranks found on rank 0, with a deadline that names who is missing.

A blocking collective would hide the one rank whose storage hangs behind all others.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mlps.errors import NotReadyError
from runner.place import Place
from runner.rehearsal.rank_list import ranges

_ASK_TAG, _TELL_TAG = 72, 73
_NAP_S = 0.002
_PATIENCE_S = 60.0
_LONGER_S = 30.0

T = TypeVar("T")


class RoundTable:
    """All ranks of a rehearsal; every method is called by all of them."""

    def __init__(
        self,
        comm: Any,  # noqa: ANN401 - mpi4py communicator
        place: Place,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        """Say nothing yet."""
        self._comm = comm
        self._place = place
        self._patience_s = patience_s
        self._said: dict[str, dict[int, Any]] = {}

    def gather(self, about: str, mine: T) -> list[T]:
        """Give rank 0 what every rank found, and the others nothing.

        `about` is said of one gathering only.
        """
        if self._place.rank:
            self._send((about, self._place.rank, mine), 0, _ASK_TAG)
            return []
        # A fast rank may be a step ahead of the others: its word waits here.
        said = self._said.pop(about, {}) | {0: mine}
        deadline_s = time.monotonic() + self._patience_s
        while len(said) < self._place.world:
            message = self._comm.improbe(tag=_ASK_TAG)
            if message is not None:
                step, rank, found = message.recv()
                (said if step == about else self._said.setdefault(step, {}))[rank] = (
                    found
                )
            elif time.monotonic() > deadline_s:
                self._give_up(about, said)
            else:
                time.sleep(_NAP_S)
        return [said[rank] for rank in range(self._place.world)]

    def tell(self, find: Callable[[], T]) -> T:
        """Find something on rank 0 and give it to every rank."""
        if self._place.rank == 0:
            try:
                found = find()
            except NotReadyError as error:
                self._tell_all(error)
                raise
            self._tell_all(found)
            return found
        told = self._await()
        if isinstance(told, NotReadyError):
            raise told
        return told  # type: ignore[no-any-return]

    def _await(self) -> Any:  # noqa: ANN401 - what rank 0 told
        deadline_s = time.monotonic() + 2 * self._patience_s + _LONGER_S
        while (message := self._comm.improbe(source=0, tag=_TELL_TAG)) is None:
            if time.monotonic() > deadline_s:
                raise NotReadyError("rank 0 fell silent: its host or storage hangs")
            time.sleep(_NAP_S)
        return message.recv()

    def _give_up(self, about: str, said: Mapping[int, object]) -> None:
        missing = [rank for rank in range(self._place.world) if rank not in said]
        hosts = sorted({self._place.hosts[rank] for rank in missing})
        error = NotReadyError(
            f"not ready: rank {ranges(missing)} on {', '.join(hosts)} did not get"
            f" through {about!r} in {self._patience_s:g} s; look at the storage and the"
            " kernel log there"
        )
        self._tell_all(error)
        raise error

    def _tell_all(self, value: object) -> None:
        for rank in range(1, self._place.world):
            self._send(value, rank, _TELL_TAG)

    def _send(self, value: object, dest: int, tag: int) -> None:
        request = self._comm.isend(value, dest=dest, tag=tag)
        deadline_s = time.monotonic() + self._patience_s
        while not request.Test():
            if time.monotonic() > deadline_s:
                raise NotReadyError(f"rank {dest} takes no messages: its host hangs")
            time.sleep(_NAP_S)
