"""Which rank reads which file in which order: one global shuffle per epoch.

Every rank computes the same permutation from (run seed, epoch) and takes every
N-th of it, cut to floor(files / N), as the official loader deals files.
"""

import numpy as np
import numpy.typing as npt

from mlps.plan import Dataset, Shuffle


def order(
    dataset: Dataset, shuffle: Shuffle, seed: int, epoch: int
) -> npt.NDArray[np.int64]:
    """Order of all files of an epoch; the same on every rank."""
    files = np.arange(dataset.files, dtype=np.int64)
    if shuffle is Shuffle.OFF:
        return files
    generator = np.random.Generator(np.random.PCG64([seed, epoch]))
    return generator.permutation(files)


def share(files: npt.NDArray[np.int64], rank: int, world: int) -> npt.NDArray[np.int64]:
    """One rank's files, in the order it reads them; equal counts on all ranks."""
    return files[rank::world][: len(files) // world]
