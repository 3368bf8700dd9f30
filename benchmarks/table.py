"""Prints the table of benchmarks: `make bench`. Every figure is measured now.

Machines are shared and noisy: read ratios and CPU-seconds, not absolute rates.
"""

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import feeding, judging, reading, scale, starting


def main() -> None:
    """Measure everything in ./bench and print the tables."""
    folder = Path("bench").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    show(
        "Reading unet3d npz files, zero compute, 4 MiB blocks (medians of"
        f" {reading.ROUNDS})",
        ("reader", "GiB/s", "of fio", "samples/s", "CPU-s/GiB", "peak memory"),
        reading.rows(folder),
    )
    show(
        f"Compiling (medians of {starting.ROUNDS})",
        ("what", "wall s", "CPU s"),
        starting.compile_rows(folder),
    )
    show(
        f"Starting, retinanet jpeg (medians of {starting.ROUNDS})",
        ("world", "mpirun to first byte, s", "sampler at 1 Hz, % of a core"),
        starting.start_rows(folder),
    )
    show(
        "Control plane, sampling and evidence, all ranks on this host (once)",
        (
            "ranks",
            "CPU of a rank",
            "more on rank 0",
            "message B/s of a rank",
            "sampling a host",
            "sampling a rank",
            "rows of a rank, per hour",
            "time to seal, s",
        ),
        scale.rows(folder),
    )
    show(
        f"Writing the evidence of a world, {feeding.SECONDS} s of it (once)",
        (
            "ranks",
            "frames",
            "rows/s",
            "CPU for a second",
            "CPU us for a rank and second",
            "file of a rank, per hour",
            "peak memory",
            "time to seal, s",
        ),
        feeding.rows(folder),
    )
    show(
        f"Judging a campaign of ours, six runs (medians of {judging.ROUNDS})",
        ("rows of steps", "wall s", "CPU s", "peak memory"),
        judging.campaign_rows(folder),
    )
    show(
        f"Judging published trees (medians of {judging.ROUNDS}; the largest once)",
        ("runs", "files", "wall s", "CPU s", "CPU us/file", "peak memory"),
        judging.rows(folder),
    )
    shutil.rmtree(folder)


def show(title: str, heads: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print one table as it is measured."""
    print(f"\n## {title}\n")
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for line in lines:
        print("| " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main()
