"""Files that are memory, read by the reader threads as if they were the dataset."""

from pathlib import Path

import pytest

from mlps.plan import FileFormat
from runner.dataset.formats import format_for
from runner.dataset.formats.image import DatasetImage
from runner.workload.memory import Memory
from runner.workload.reading import ReaderPool, ReadSettings
from tests.runner.plans import small_plan

SETTINGS = ReadSettings(
    threads=3, transfer_bytes=65536, odirect=False, samples_per_file=1
)


@pytest.mark.parametrize("file_format", [FileFormat.NPZ, FileFormat.JPEG])
def test_readers_get_the_sizes_and_frames_of_the_dataset_without_files(file_format):
    dataset = small_plan(files=100, file_format=file_format).plan.workload.dataset
    order = list(reversed(range(100)))
    memory = Memory(dataset, order)
    check = format_for(file_format).check_frame
    pool = ReaderPool(SETTINGS, memory, range(100), check)
    pool.start()
    pool.allow(100)
    assert pool.wait(100, 30)
    size_bytes, _ = pool.take(100)
    pool.stop()
    memory.close()
    image = DatasetImage(dataset)
    like = [*order[:64], *order[:36]]  # more files than that are read in turn
    assert size_bytes == sum(image.file(i).spec.size_bytes for i in like)
    done = pool.drain()
    assert len(done.opens) == len(done.samples) == 100
    assert len(done.reads) >= size_bytes / SETTINGS.transfer_bytes


def test_memory_is_given_back():
    def descriptors():
        return len(list(Path("/proc/self/fd").iterdir()))

    dataset = small_plan().plan.workload.dataset
    before = descriptors()
    memory = Memory(dataset, range(12))
    assert descriptors() == before + 12
    memory.close()
    assert descriptors() == before
