"""Starts the runner and counts what this rank sends: counting.py FOLDER PLAN.

Messages are pickled once more to know their size, so CPU is not measured here.
"""

import pickle
import sys
from pathlib import Path

from runner import cli
from runner.world import post

_real = post.Post.send
sent = {"messages": 0, "bytes": 0}
folder = Path(sys.argv[1])


def _counted(
    self: post.Post, dest: int, kind: post.Kind, about: str, payload: object = None
) -> None:
    sent["messages"] += 1
    sent["bytes"] += len(pickle.dumps((kind.value, about, payload)))
    _real(self, dest, kind, about, payload)
    text = f"{sent['messages']} {sent['bytes']}"
    Path(folder, str(self.rank)).write_text(text, encoding="ascii")


if __name__ == "__main__":
    post.Post.send = _counted  # type: ignore[method-assign]
    del sys.argv[1]
    cli.main()
