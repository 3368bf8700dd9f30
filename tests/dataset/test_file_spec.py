import math

import numpy as np
import pytest

from mlps.errors import ConfigError, NotReadyError
from mlps.plan import FileFormat
from runner.dataset.formats import format_for
from runner.dataset.formats.file_spec import relative_path, subfolders


@pytest.mark.parametrize(
    ("files", "folders", "index", "expected"),
    [
        (7, 0, 6, "train/img_6_of_7.npz"),
        (12, 1, 3, "train/img_03_of_12.npz"),
        (168, 0, 0, "train/img_000_of_168.npz"),
        (100, 10, 57, "train/07/img_057_of_100.npz"),
        (100, 3, 57, "train/0/img_057_of_100.npz"),
    ],
)
def test_files_are_named_as_by_the_official_tool(npz, files, folders, index, expected):
    dataset = npz(files=files, subfolders=folders)
    assert relative_path(dataset, index) == expected
    assert expected.rpartition("/")[0] in set(subfolders(dataset))


def test_no_subfolder_stays_empty(npz):
    assert list(subfolders(npz(files=2, subfolders=5))) == ["train/0", "train/1"]


def test_sides_follow_the_official_distribution(npz):
    length, stdev = 146_600_628.0, 68_341_808.0
    dataset = npz(
        record_length_bytes=length, record_length_stdev_bytes=stdev, files=4000
    )
    seam = format_for(FileFormat.NPZ)
    sides = np.array([seam.spec(dataset, index).shape[:2] for index in range(4000)])
    mean, spread = int(math.sqrt(length)), stdev / 2 / math.sqrt(length)
    assert abs(sides.mean(axis=0) - mean + 0.5).max() < 4 * spread / math.sqrt(4000)
    assert abs(sides.std(axis=0) / spread - 1).max() < 0.05
    assert abs(np.corrcoef(sides.T)[0, 1]) < 0.06
    below = (sides < mean - spread).mean()
    assert abs(below - 0.1587) < 0.015


def test_sides_are_pinned(npz):
    seam = format_for(FileFormat.NPZ)
    shapes = [seam.spec(npz(samples_per_file=3), index).shape for index in (0, 6)]
    assert shapes == [(557, 367, 3), (481, 562, 3)]


def test_sides_are_at_least_one(npz):
    dataset = npz(record_length_bytes=4.0, record_length_stdev_bytes=100.0, files=200)
    seam = format_for(FileFormat.NPZ)
    assert min(min(seam.spec(dataset, i).shape) for i in range(200)) == 1


def test_without_a_deviation_all_files_are_alike(npz, jpeg):
    dataset = npz(record_length_stdev_bytes=0.0)
    assert format_for(FileFormat.NPZ).spec(dataset, 5).shape == (547, 547, 1)
    assert format_for(FileFormat.JPEG).spec(jpeg(), 5).size_bytes == 50_000


def test_jpeg_sizes_vary_about_the_record_length(jpeg):
    dataset = jpeg(record_length_stdev_bytes=10_000.0, files=1000)
    seam = format_for(FileFormat.JPEG)
    sizes = np.array([seam.spec(dataset, index).size_bytes for index in range(1000)])
    assert abs(sizes.mean() / 50_000 - 1) < 0.02
    assert sizes.std() > 5000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples_per_file": 2}, "samples_per_file is 2"),
        ({"record_length_bytes": 100.0}, "1024 to 33554432 bytes"),
        ({"record_length_bytes": 1e9}, "1024 to 33554432 bytes"),
    ],
)
def test_jpeg_refuses_what_a_picture_cannot_hold(jpeg, changes, message):
    with pytest.raises(ConfigError, match=message):
        format_for(FileFormat.JPEG).check_dataset(jpeg(**changes))


@pytest.mark.parametrize("name", [FileFormat.TFRECORD, FileFormat.PARQUET])
def test_a_format_without_reader_is_named(name):
    with pytest.raises(NotReadyError, match=f"'{name.value}'.*it runs npz, jpeg"):
        format_for(name)
