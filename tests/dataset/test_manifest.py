import json
from pathlib import Path

import numpy as np
import pytest

from mlps.errors import NotReadyError
from runner.dataset import manifest
from runner.dataset.manifest import ENTRY, dataset_directory, load, merge, save


def entries(files: int, size: int = 100) -> manifest.Entries:
    array = np.zeros(files, ENTRY)
    array["size_bytes"] = size
    array["fingerprint"] = np.arange(files)
    return array


@pytest.fixture
def saved(tmp_path, npz):
    dataset = npz(files=5)
    save(tmp_path, dataset, entries(5))
    return tmp_path, dataset


def test_a_saved_manifest_loads(saved):
    directory, dataset = saved
    loaded = load(directory, dataset)
    assert np.array_equal(loaded.entries, entries(5))
    assert loaded.total_bytes == 500
    assert loaded.size_of(4) == 100
    assert loaded.path_of(4) == directory / "train/img_4_of_5.npz"
    assert loaded.digest == load(directory, dataset).digest
    assert sorted(p.name for p in directory.iterdir()) == [
        "manifest.json",
        "manifest.npy",
    ]
    document = json.loads((directory / "manifest.json").read_text())
    assert document["schema"] == "manifest/1"
    assert document["dataset"]["format"] == "npz"
    assert (document["files"], document["total_bytes"]) == (5, 500)


def test_digest_names_sizes_and_fingerprints(tmp_path, npz):
    digests = set()
    for size in (100, 101, 100):
        digests.add(save(tmp_path, npz(files=5), entries(5, size)).digest)
    assert len(digests) == 2


def test_entries_are_read_only(saved):
    with pytest.raises(ValueError, match="read-only"):
        load(*saved).entries["size_bytes"][0] = 1


def test_datasets_that_differ_have_their_own_directories(npz, jpeg):
    datasets = [npz(), npz(seed=11), npz(files=8), npz(record_length_bytes=3.0), jpeg()]
    paths = {dataset_directory(Path("data"), "unet3d", d) for d in datasets}
    assert len(paths) == 5
    assert {p.name.rpartition("-")[0] for p in paths} == {"unet3d-npz", "unet3d-jpeg"}
    assert dataset_directory(Path("data"), "unet3d", npz()) in paths


@pytest.mark.parametrize(("files", "world"), [(7, 2), (3, 5), (12, 4), (1, 1)])
def test_merge_joins_shares_in_file_order(files, world):
    whole = entries(files)
    parts = [whole[rank::world].copy() for rank in range(world)]
    assert np.array_equal(merge(parts), whole)


@pytest.mark.parametrize(
    "parts",
    [
        [entries(2), entries(3)],
        [entries(3), entries(1)],
        [entries(1).astype([("a", "<u8"), ("b", "<u8")])],
    ],
)
def test_merge_refuses_shares_that_are_none(parts):
    with pytest.raises(ValueError, match="its share is"):
        merge(parts)


def test_a_manifest_of_missing_files_is_never_written(tmp_path, npz):
    holes = entries(5)
    holes[2] = (0, 0)
    for array in (holes, entries(4)):
        with pytest.raises(ValueError, match="4 entries for 5 files"):
            save(tmp_path, npz(files=5), array)
    assert not list(tmp_path.iterdir())


def rewrite(directory: Path, **changes: object) -> None:
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def flip(directory: Path) -> None:
    path = directory / "manifest.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def store(directory: Path, array: np.ndarray) -> None:
    np.save(directory / "manifest.npy", array, allow_pickle=True)


def header(directory: Path) -> None:
    """Claim 10^15 entries: nothing of that size may be allocated."""
    path = directory / "manifest.npy"
    data = path.read_bytes().replace(b"(5,)", b"(1000000000000000,)")
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "manifest.json").write_text("{"), "manifest.json: "),
        (lambda d: (d / "manifest.json").write_text("[" * 10**5), "manifest.json: "),
        (lambda d: (d / "manifest.json").write_text("[]"), "no JSON object"),
        (lambda d: (d / "manifest.json").write_bytes(b" " * 2**21), "at most 1048576"),
        (lambda d: (d / "manifest.json").unlink(), "No such file"),
        (lambda d: rewrite(d, schema="manifest/2"), "schema is manifest/2"),
        (lambda d: rewrite(d, generator_version="0"), "generator_version is 0, not 1"),
        (lambda d: rewrite(d, spec_digest="00"), "spec_digest is 00"),
        (lambda d: rewrite(d, total_bytes=499), "total_bytes is 499, not 500"),
        (flip, "array_sha256 is"),
        (lambda d: (d / "manifest.npy").unlink(), "No such file"),
        (lambda d: (d / "manifest.npy").write_bytes(b""), "manifest.npy: "),
        (lambda d: (d / "manifest.npy").write_bytes(b"\x93NUMPY"), "manifest.npy: "),
        (header, "where the plan has 5 files"),
        (lambda d: store(d, entries(4)), r"\(4,\) where the plan has 5 files"),
        (lambda d: store(d, np.array([{}] * 5)), "where the plan has 5 files"),
        (lambda d: store(d, np.zeros(5, ENTRY)), "file sizes from 0 to 0"),
        (lambda d: store(d, entries(5, 2**60)), "file sizes from 1152921504606846976"),
    ],
)
def test_an_unfit_manifest_is_named_with_what_to_do(saved, damage, message):
    directory, dataset = saved
    damage(directory)
    with pytest.raises(NotReadyError, match=message) as caught:
        load(directory, dataset)
    assert str(directory) in str(caught.value)
    assert "start the plan again" in str(caught.value)
