"""Faults of processes: ranks, scribe and launcher die, stop or are told to end."""

from signal import SIGINT, SIGKILL, SIGSEGV, SIGSTOP, SIGTERM, SIGUSR1

from tests.faults.fault import Expected, Fault
from tests.faults.ground import STALL_LIMIT_S
from tests.faults.limits import LessMemory, OomKill
from tests.faults.signals import Signal

INTERRUPTED = 130
_BUFFER_BYTES = 32 * 2**20
SURVIVED_S = 30.0
STALLED_S = STALL_LIMIT_S + 10


def _dead(rank: int) -> Expected:
    """A process is gone: the others end, and its rank, host and pid are named."""
    says = {
        "rank": rf"rank {rank} \(host",
        "host": r"\(host {host}",
        "pid": rf"pid {{pid{rank}}}\) died",
    }
    return Expected(status=None, says=says, blamed=rank, or_several=True)


def _stalled(rank: int) -> Expected:
    """A rank that hangs is told of, with all that is known, and then ends the run."""
    says = {
        "rank": rf"rank {rank} \(host",
        "host": r"\(host {host}",
        "pid": rf"pid {{pid{rank}}}",
        "phase": r"epoch-[12]",
        "object": r"/data/\S+\.npz|img_\d+",
        "since when": r"\d s ago|since|for \d+",
        "wait channel": r"wait channel|wchan|do_signal_stop|stopped|state T",
    }
    # Of a rank 0 that was ended the launcher has its own status.
    status = 4 if rank else None
    return Expected(status=status, says=says, blamed=rank, within_s=STALLED_S)


FAULTS = (
    Fault(
        name="rank 1: kill -9",
        injection=Signal(SIGKILL, ("pid1",)),
        expected=_dead(1),
    ),
    Fault(
        name="rank 0: kill -9",
        injection=Signal(SIGKILL, ("pid0",)),
        expected=_dead(0),
    ),
    Fault(
        name="rank 1: SIGSEGV",
        injection=Signal(SIGSEGV, ("pid1",)),
        expected=_dead(1),
    ),
    Fault(
        name="rank 1: OOM killer (memory control group)",
        injection=OomKill(1),
        expected=_dead(1),
    ),
    Fault(
        name="rank 1: no more memory (ulimit -v)",
        injection=LessMemory(1, _BUFFER_BYTES * 3 // 2),
        plan={"transfer_bytes": _BUFFER_BYTES},
        expected=Expected(
            status=4,
            says={
                "rank": r"rank 1 \(host",
                "host": r"\(host {host}",
                "errno": r"(?i)errno 12\b",
            },
            blamed=1,
        ),
    ),
    Fault(
        name="both ranks: kill -9",
        injection=Signal(SIGKILL, ("pid0", "pid1")),
        expected=Expected(
            status=None,
            says={"rank": r"rank [01] \(host {host}, pid \d+\)", "death": "died"},
        ),
    ),
    Fault(
        name="scribe: kill -9",
        injection=Signal(SIGKILL, ("scribe",)),
        expected=Expected(
            status=4,
            says={
                "rank": r"rank 0 \(host",
                "host": r"\(host {host}",
                "cause": r"the process that writes evidence\.h5 \(pid {scribe}\) died",
            },
            kept=("unfinished",),
        ),
    ),
    Fault(
        name="rank 1: SIGSTOP",
        injection=Signal(SIGSTOP, ("pid1",)),
        expected=_stalled(1),
    ),
    Fault(
        name="rank 0: SIGSTOP",
        injection=Signal(SIGSTOP, ("pid0",)),
        expected=_stalled(0),
    ),
    Fault(
        name="scribe: SIGSTOP",
        injection=Signal(SIGSTOP, ("scribe",)),
        expected=Expected(
            status=4,
            says={"host": "{host}", "cause": r"evidence\.h5|scribe"},
            kept=("aborted", "unfinished"),
            within_s=STALLED_S,
        ),
    ),
    Fault(
        name="mpirun: SIGINT",
        injection=Signal(SIGINT, ("mpirun",)),
        expected=Expected(status=INTERRUPTED, says={"cause": "interrupted"}),
    ),
    Fault(
        name="mpirun: SIGTERM",
        injection=Signal(SIGTERM, ("mpirun",)),
        expected=Expected(
            status=None, says={"cause": r"interrupted|SIGTERM|terminated|died"}
        ),
    ),
    Fault(
        name="rank 0: SIGTERM",
        injection=Signal(SIGTERM, ("pid0",)),
        expected=Expected(status=INTERRUPTED, says={"cause": "interrupted|SIGTERM"}),
    ),
    Fault(
        name="rank 1: SIGTERM",
        injection=Signal(SIGTERM, ("pid1",)),
        expected=Expected(
            status=None,
            says={
                "rank": r"rank 1 \(host",
                "host": r"\(host {host}",
                "cause": "interrupted|SIGTERM|died",
            },
            within_s=20,
        ),
    ),
    Fault(
        name="every rank: SIGUSR1 (Slurm's pre-timeout signal)",
        injection=Signal(SIGUSR1, ("pid0", "pid1")),
        expected=Expected(
            status=INTERRUPTED, says={"cause": "SIGUSR1|time limit|interrupted"}
        ),
    ),
    Fault(
        name="a node vanishes",
        skipped="needs two network namespaces as hosts: see make hosts",
    ),
    Fault(
        name="any fault in a checkpoint",
        skipped="no checkpoint workload in this version",
    ),
)
