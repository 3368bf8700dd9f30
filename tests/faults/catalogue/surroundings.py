"""Faults around the run: clocks, shared memory, temporary files, closed output."""

from tests.faults.catalogue.processes import SURVIVED_S
from tests.faults.fault import Expected, Fault, Kept, Moment
from tests.faults.shim import Shim
from tests.faults.surroundings import ClosedOutput, FullTemporary, TinySharedMemory

_HOUR_S = 3600


def _stepped(name: str, seconds: int) -> Fault:
    return Fault(
        name=f"wall clock: {name}",
        injection=Shim((f"clock / step {seconds}",)),
        expected=Expected(
            status=0,
            within_s=SURVIVED_S,
            says={"summary": "01-measured +utilization"},
            kept=(Kept.COMPLETE,),
            event=r"warning \S*clock\S* .*(set|step)",
            fails="EV-13",
        ),
    )


FAULTS = (
    _stepped("+1 h", _HOUR_S),
    _stepped("-1 h", -_HOUR_S),
    Fault(
        name="/dev/shm: too small for MPI",
        injection=TinySharedMemory(64 * 2**10),
        moment=Moment.START,
        expected=Expected(
            status=None,
            says={"cause": "shm|shared|memory|Bus error|signal"},
            kept=(Kept.NONE,),
        ),
    ),
    Fault(
        name="TMPDIR: full",
        injection=FullTemporary(),
        moment=Moment.START,
        expected=Expected(
            status=0,
            within_s=SURVIVED_S,
            says={"summary": "01-measured +utilization"},
            kept=(Kept.COMPLETE,),
        ),
    ),
    Fault(
        name="stdout and stderr: closed (| head -2)",
        injection=ClosedOutput(),
        moment=Moment.START,
        expected=Expected(status=None, says={}),
    ),
)
