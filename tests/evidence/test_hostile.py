"""Evidence files from strangers: each is refused in one line, fast and small."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from mlps.errors import EvidenceError
from mlps.evidence import CHUNK_ROWS
from mlps.evidence.reader import read
from tests.rules import campaigns, plans

SECRET = "secret.h5"
COLUMN = "steps/wait_ns"


@pytest.fixture(scope="module")
def genuine(tmp_path_factory) -> bytes:
    doc = plans.frozen(plans.demo_plan())
    folder = tmp_path_factory.mktemp("genuine")
    run = campaigns.write_run(folder, doc, doc.plan.campaign.runs[2])
    return (run / "evidence.h5").read_bytes()


def replaced(make: Callable[[h5py.File, str], object]):
    """Put something else in the place of a declared dataset."""

    def spoil(file: h5py.File) -> None:
        file.move(COLUMN, "aside")
        make(file, COLUMN)

    return spoil


def external_link(file: h5py.File, name: str) -> None:
    file[name] = h5py.ExternalLink(SECRET, "/data")


def soft_link(file: h5py.File, name: str) -> None:
    file[name] = h5py.SoftLink("/aside")


def group(file: h5py.File, name: str) -> None:
    file.create_group(name)


def virtual(file: h5py.File, name: str) -> None:
    layout = h5py.VirtualLayout(shape=(24,), dtype="<i8")
    layout[:] = h5py.VirtualSource(SECRET, "data", shape=(24,))
    file.create_virtual_dataset(name, layout)


def external_storage(file: h5py.File, name: str) -> None:
    file.create_dataset(name, shape=(24,), dtype="<i8", external=[(SECRET, 0, 192)])


def contiguous(file: h5py.File, name: str) -> None:
    file[name] = np.zeros(24, dtype="<i8")


def typed(dtype: object):
    def make(file: h5py.File, name: str) -> None:
        file.create_dataset(
            name, shape=(24,), maxshape=(None,), dtype=dtype, chunks=(CHUNK_ROWS,)
        )

    return replaced(make)


def filtered(**filters: object):
    def make(file: h5py.File, name: str) -> None:
        file.create_dataset(
            name,
            data=np.zeros(24, dtype="<i8"),
            maxshape=(None,),
            chunks=(CHUNK_ROWS,),
            **filters,
        )

    return replaced(make)


def deflated_twice(file: h5py.File, name: str) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((CHUNK_ROWS,))
    plan.set_shuffle()
    plan.set_deflate(9)
    plan.set_deflate(9)
    space = h5py.h5s.create_simple((24,), (h5py.h5s.UNLIMITED,))
    group, column = name.split("/")
    h5py.h5d.create(
        file[group].id, column.encode(), h5py.h5t.STD_I64LE, space, dcpl=plan
    )


def huge_chunk(file: h5py.File, name: str) -> None:
    file.create_dataset(
        name, shape=(24,), maxshape=(None,), dtype="<i8", chunks=(2**28,)
    )


def long_schema(file: h5py.File) -> None:
    file.attrs["mlps_schema"] = "x" * 60_000


def wide(file: h5py.File, name: str) -> None:
    file.create_dataset(
        name, shape=(24, 2), maxshape=(None, 2), dtype="<i8", chunks=(CHUNK_ROWS, 2)
    )


def huge(rows: int):
    def spoil(file: h5py.File) -> None:
        for dataset in file["steps"].values():
            dataset.resize((rows,))

    return spoil


def short(file: h5py.File) -> None:
    file[COLUMN].resize((3,))


def missing(file: h5py.File) -> None:
    del file[COLUMN]


def missing_table(file: h5py.File) -> None:
    del file["hosts"]


def other_schema(file: h5py.File) -> None:
    file.attrs["mlps_schema"] = "evidence/99"


def no_schema(file: h5py.File) -> None:
    del file.attrs["mlps_schema"]


def odd_schema(file: h5py.File) -> None:
    file.attrs["mlps_schema"] = np.zeros(1000)


HOSTILE = {
    "external link": replaced(external_link),
    "soft link": replaced(soft_link),
    "group": replaced(group),
    "virtual dataset": replaced(virtual),
    "external storage": replaced(external_storage),
    "contiguous": replaced(contiguous),
    "another filter": filtered(compression="lzf"),
    "no filters": filtered(),
    "no shuffle": filtered(compression="gzip", fletcher32=True),
    "deflated twice": replaced(deflated_twice),
    "a chunk of 2 GiB": replaced(huge_chunk),
    "two dimensions": replaced(wide),
    "float": typed("<f8"),
    "narrow": typed("<i4"),
    "text": typed("S8"),
    "variable text": typed(h5py.string_dtype()),
    "reference": typed(h5py.ref_dtype),
    "compound": typed(np.dtype([("a", "<i8")])),
    "a million rows that are not there": huge(10**6),
    "2^62 rows that are not there": huge(2**62),
    "columns of different lengths": short,
    "missing column": missing,
    "missing table": missing_table,
    "other schema": other_schema,
    "no schema": no_schema,
    "odd schema": odd_schema,
    "long schema": long_schema,
}


@pytest.mark.parametrize("spoil", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused(genuine, tmp_path, spoil):
    path = tmp_path / "evidence.h5"
    path.write_bytes(genuine)
    with h5py.File(tmp_path / SECRET, "w") as secret:
        secret["data"] = np.full(24, 42, dtype="<i8")
    with h5py.File(path, "r+") as file:
        spoil(file)
    refused(path)


NOT_HDF5 = {
    "empty": b"",
    "text": b"nothing to see here\n",
    "signature alone": b"\x89HDF\r\n\x1a\n",
    "signature and junk": b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 8,
    "zeros": bytes(4096),
}


@pytest.mark.parametrize("data", NOT_HDF5.values(), ids=NOT_HDF5)
def test_what_is_no_hdf5_is_refused(tmp_path, data):
    path = tmp_path / "evidence.h5"
    path.write_bytes(data)
    refused(path)


def test_a_user_block_is_refused(genuine, tmp_path):
    path = tmp_path / "evidence.h5"
    with h5py.File(path, "w", userblock_size=512) as file:
        file.attrs["mlps_schema"] = "evidence/2"
    refused(path)


def test_a_missing_file_is_refused(tmp_path):
    refused(tmp_path / "nowhere.h5")


def test_a_folder_is_refused(tmp_path):
    refused(tmp_path)


@pytest.mark.parametrize("kept", [0.01, 0.2, 0.5, 0.8, 0.99])
def test_a_truncated_file_is_refused(genuine, tmp_path, kept):
    path = tmp_path / "evidence.h5"
    path.write_bytes(genuine[: int(kept * len(genuine))])
    refused(path)


def refused(path: Path) -> None:
    before_s, before = time.monotonic(), peak_bytes()
    with pytest.raises(EvidenceError) as refusal:
        read(path)
    text = str(refusal.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    assert len(text) < 500
    assert time.monotonic() - before_s < 2
    assert peak_bytes() - before < 64 * 2**20


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("first", range(0, 2000, 500))
def test_changed_rows_break_the_chain(genuine, tmp_path, first):
    path = tmp_path / "evidence.h5"
    path.write_bytes(genuine)
    with h5py.File(path, "r+") as file:
        file["plan/byte"][first] ^= 1
    assert "/plan" in read(path).chain_fault


CHAIN_DAMAGE = {
    "no chain": (lambda f: [d.resize((0,)) for d in f["chain"].values()], "outside"),
    "last block lost": (
        lambda f: [d.resize((d.shape[0] - 1,)) for d in f["chain"].values()],
        "outside",
    ),
    "unknown table": (lambda f: f["chain/table"].__setitem__(0, b"nowhere"), "unknown"),
    "of itself": (lambda f: f["chain/table"].__setitem__(0, b"chain"), "unknown"),
    "negative rows": (lambda f: f["chain/rows"].__setitem__(0, -1), "out of place"),
    "too many rows": (lambda f: f["chain/rows"].__setitem__(0, 2**60), "out of place"),
    "wrong start": (lambda f: f["chain/first_row"].__setitem__(0, 7), "out of place"),
    "wrong digest": (lambda f: f["chain/digest"].__setitem__(0, b"0" * 64), "changed"),
}


@pytest.mark.parametrize(("spoil", "says"), CHAIN_DAMAGE.values(), ids=CHAIN_DAMAGE)
def test_a_damaged_chain_is_named(genuine, tmp_path, spoil, says):
    path = tmp_path / "evidence.h5"
    path.write_bytes(genuine)
    with h5py.File(path, "r+") as file:
        spoil(file)
    assert says in read(path).chain_fault
