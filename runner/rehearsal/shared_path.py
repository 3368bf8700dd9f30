"""Before a start of several hosts: whether they see the data path of rank 0."""

import secrets
from contextlib import ExitStack
from pathlib import Path

from mlps.errors import NotReadyError
from runner.rehearsal.row import Row, errors
from runner.rehearsal.scratch import scratch, scratch_folder
from runner.rehearsal.sharing import judge_sharing, look_for_nonce, write_nonce
from runner.world.assembly import Assembly
from runner.world.place import Place


def check_shared_path(
    ranks: Assembly, place: Place, data_root: Path, *, shared: bool
) -> tuple[Row, ...]:
    """Give what is wrong with this rank's view of a file of rank 0. Collective.

    Nothing is left behind. Where rank 0 can't write, the check of its ground says so.
    """
    if place.node_count == 1:
        return ()
    folder = scratch_folder(
        data_root, ranks.on_rank_0("choosing a name", lambda: secrets.token_hex(8))
    )
    with ExitStack() as closing:
        is_there = ranks.on_rank_0(
            "writing a file on the data path", lambda: _write(folder, closing)
        )
        seen = is_there and ranks.offload(
            "looking for a file of rank 0", lambda: look_for_nonce(folder, folder.name)
        )
        ranks.allgather(None)  # nobody takes it away while another one looks
    if not is_there:
        return ()
    views = [True, seen]
    nodes = [place.nodes[0], place.node]
    return errors(list(judge_sharing(data_root, views, nodes, shared=shared))[1:])


def _write(folder: Path, closing: ExitStack) -> bool:
    try:
        closing.enter_context(scratch(folder))
        write_nonce(folder, folder.name)
    except NotReadyError:
        return False
    return True
