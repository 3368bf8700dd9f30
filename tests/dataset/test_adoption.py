import os
import re
from pathlib import Path

import numpy as np
import pytest

from mlps.errors import NotReadyError, RunFailedError
from runner.dataset import manifest as manifests
from runner.dataset.adoption import (
    BLOCK_BYTES,
    Adoption,
    DamageKind,
    Verification,
    combine,
    damage_error,
)


def adopt(made, fraction=1.0, world=2, seed=3, threads=2) -> Verification:
    parts = []
    for rank in range(world):
        work = Adoption(
            made, rank=rank, world=world, threads=threads, fraction=fraction, seed=seed
        )
        work.crew.start()
        assert work.crew.wait(30)
        parts.append(work.result())
    return combine(parts)


@pytest.fixture
def made(tmp_path, npz, generate):
    return generate(tmp_path, npz(files=12, record_length_bytes=600_000.0))


def spoil(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize("kind", ["npz", "jpeg"])
def test_a_whole_dataset_is_verified_byte_for_byte(kind, request, tmp_path, generate):
    made = generate(tmp_path, request.getfixturevalue(kind)())
    found = adopt(made)
    assert (found.files, found.verified_files, found.damaged_files) == (7, 7, 0)
    assert found.verified_bytes == made.total_bytes
    assert found.damages == ()


def test_a_fraction_of_the_bytes_is_verified(tmp_path, npz, generate):
    made = generate(tmp_path, npz(files=60, record_length_bytes=600_000.0))
    found = adopt(made, fraction=0.25)
    assert found.files == 60
    assert 0.18 < found.verified_bytes / made.total_bytes < 0.32
    assert found.verified_files > 50


@pytest.mark.parametrize("world", [1, 3, 12, 20])
def test_every_rank_verifies_at_least_one_file(made, world):
    found = adopt(made, fraction=1e-9, world=world)
    assert found.verified_files == min(world, 12)
    assert found.verified_bytes >= min(world, 12) * BLOCK_BYTES // 2
    assert found.damaged_files == 0


def test_without_a_fraction_only_sizes_are_checked(made):
    spoil(made.path_of(3), 5000, b"????")
    found = adopt(made, fraction=0.0)
    assert (found.files, found.verified_bytes, found.damaged_files) == (12, 0, 0)


def test_the_sample_follows_the_seed(made):
    same = [adopt(made, fraction=0.3, seed=1).verified_bytes for _ in range(2)]
    others = {adopt(made, fraction=0.3, seed=s).verified_bytes for s in range(5)}
    assert same[0] == same[1]
    assert len(others) > 1


def test_a_flipped_bit_anywhere_is_found_with_its_offset(made):
    rng = np.random.default_rng(1)
    for offset in [0, made.size_of(5) - 1, *rng.integers(0, made.size_of(5), 6)]:
        path = made.path_of(5)
        before = path.read_bytes()
        spoil(path, int(offset), bytes([before[offset] ^ 1]))
        found = adopt(made)
        assert found.damaged_files == 1
        assert found.damages[0].kind is DamageKind.CONTENT
        assert found.damages[0].relative_path == "train/img_05_of_12.npz"
        assert f"byte {offset} is not" in found.damages[0].detail
        path.write_bytes(before)
    assert adopt(made).damaged_files == 0


def test_every_kind_of_damage_is_named_with_the_fix(made):
    made.path_of(1).unlink()
    made.path_of(4).write_bytes(made.path_of(4).read_bytes()[:-7])
    spoil(made.path_of(7), 70_000, b"????")
    made.path_of(9).unlink()
    made.path_of(9).symlink_to(made.path_of(9).name)
    found = adopt(made)
    assert found.files == 12
    assert found.damaged_files == 4
    text = str(damage_error(made.directory, found))
    assert text.startswith(f"{made.directory}: 4 of 12 files are damaged")
    size = made.size_of(4)
    for line in (
        r"img_01_of_12.npz: missing: there is no such file",
        rf"img_04_of_12.npz: size: {size - 7} bytes, the manifest says {size}",
        r"img_07_of_12.npz: content: byte 70000 is not",
        r"img_09_of_12.npz: unreadable: .* \(errno 40\)",
        r"delete these files and manifest.json and start the plan again",
    ):
        assert re.search(line, text), line


def test_the_fix_mends_the_dataset(tmp_path, npz, generate):
    made = generate(tmp_path, npz())
    spoil(made.path_of(2), 70_000, b"????")
    assert adopt(made).damaged_files == 1
    made.path_of(2).unlink()
    (made.directory / "manifest.json").unlink()
    again = generate(tmp_path, npz())
    assert adopt(again).damaged_files == 0
    assert again.digest == made.digest


def test_a_long_list_of_damage_is_cut(tmp_path, npz, generate):
    made = generate(tmp_path, npz(files=50, record_length_bytes=1000.0))
    for index in range(50):
        made.path_of(index).unlink()
    found = adopt(made)
    assert (found.damaged_files, len(found.damages)) == (50, 20)
    error = damage_error(made.directory, found)
    assert isinstance(error, NotReadyError)
    assert "... and 30 more" in str(error)


def test_a_manifest_of_other_content_is_found(made):
    entries = made.entries.copy()
    entries["fingerprint"][6] += 1
    forged = manifests.save(made.directory, made.dataset, entries)
    found = adopt(forged)
    assert found.damaged_files == 1
    assert found.damages[0].kind is DamageKind.FINGERPRINT
    assert "img_06" in found.damages[0].relative_path


def test_a_file_that_shrinks_while_it_is_read_is_damage(made, monkeypatch):
    """The size was right, then the end of the file came too early."""
    preadv = os.preadv

    def short(descriptor, buffers, offset):
        if offset >= 3 * BLOCK_BYTES:
            return 0
        length = min(len(buffers[0]), 3 * BLOCK_BYTES - offset)
        return preadv(descriptor, [buffers[0][:length]], offset)

    monkeypatch.setattr(os, "preadv", short)
    found = adopt(made, world=12)
    assert found.damaged_files == 12
    assert all(f"byte {3 * BLOCK_BYTES}" in d.detail for d in found.damages)


def test_a_stopped_adoption_has_no_result(made):
    work = Adoption(made, rank=0, world=1, threads=1, fraction=1.0, seed=1)
    work.crew.stop()
    work.crew.start()
    assert work.crew.wait(5)
    with pytest.raises(RunFailedError, match="stopped after 0 of 12 files"):
        work.result()
