import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlps.errors import NotReadyError, RunFailedError
from runner.dataset import datagen
from runner.dataset.crew import Crew
from runner.dataset.datagen import Generation, State
from runner.dataset.formats import format_for
from runner.dataset.manifest import dataset_directory, load


def hashes(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def start(directory, dataset, threads=1, rank=0, world=1):
    datagen.prepare(directory, dataset)
    work = Generation(directory, dataset, rank=rank, world=world, threads=threads)
    work.crew.start()
    return work


def wait_for(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("kind", ["npz", "jpeg"])
def test_generated_files_load_and_pass_the_frame_check(
    kind, request, tmp_path, generate
):
    dataset = request.getfixturevalue(kind)(subfolders=2)
    made = generate(tmp_path, dataset)
    seam = format_for(dataset.format)
    for index in range(dataset.files):
        path = made.path_of(index)
        data = memoryview(path.read_bytes())
        assert made.size_of(index) == len(data)
        seam.check_frame(path, data[:4096], data[-4096:], len(data))
        if kind == "npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert arrays["x"].shape == seam.spec(dataset, index).shape
        else:
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
    assert made.total_bytes == sum(p.stat().st_size for p in tmp_path.rglob("img_*"))


@pytest.mark.parametrize("world", [1, 3, 9])
def test_the_bytes_do_not_depend_on_the_world(tmp_path, npz, generate, world):
    one = generate(tmp_path / "one", npz(), world=2)
    other = generate(tmp_path / "other", npz(), world=world)
    assert hashes(one.directory) == hashes(other.directory)
    assert one.digest == other.digest


def test_another_process_generates_the_same_dataset(tmp_path, npz, generate):
    made = generate(tmp_path / "here", npz())
    run_elsewhere(tmp_path / "there")
    there = dataset_directory(tmp_path / "there", "test", npz())
    ours = {k: v for k, v in hashes(made.directory).items() if "train" in k}
    assert {k: v for k, v in hashes(there).items() if "train" in k} == ours


ELSEWHERE = """
import resource, sys
from pathlib import Path
from mlps.errors import RunFailedError
from mlps.plan import Dataset, FileFormat
from runner.dataset import datagen
from runner.dataset.manifest import dataset_directory

root, limit, length, files = Path(sys.argv[1]), *map(int, sys.argv[2:5])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
dataset = Dataset(
    format=FileFormat.NPZ, files=files, samples_per_file=1,
    record_length_bytes=float(length), record_length_stdev_bytes=length / 3,
    record_length_resize_bytes=0, subfolders=0, seed=10, row_group_rows=0,
    columns=(), read_columns=(),
)
directory = dataset_directory(root, "test", dataset)
try:
    datagen.prepare(directory, dataset)
    work = datagen.Generation(directory, dataset, rank=0, world=1, threads=2)
    work.crew.start()
    print("started", flush=True)
    while not work.crew.wait(1):
        pass
    status = Path("/proc/self/status").read_text()
    print(status.partition("VmHWM:")[2].split()[0])
except RunFailedError as error:
    sys.exit(str(error))
"""


def elsewhere(root: Path, limit: int = 0, length: int = 300_000, files: int = 7):
    arguments = [str(value) for value in (root, limit, length, files)]
    return [sys.executable, "-c", ELSEWHERE, *arguments]


def run_elsewhere(root: Path, **settings: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        elsewhere(root, **settings), capture_output=True, text=True, check=False
    )


def test_states_of_a_directory(tmp_path, npz, generate):
    dataset = npz()
    directory = dataset_directory(tmp_path, "test", dataset)
    assert datagen.inspect(directory, dataset) is State.ABSENT
    directory.mkdir()
    (directory / "datagen.json.part").touch()
    assert datagen.inspect(directory, dataset) is State.ABSENT
    datagen.prepare(directory, dataset)
    assert datagen.inspect(directory, dataset) is State.INTERRUPTED
    datagen.prepare(directory, dataset)
    generate(tmp_path, dataset)
    assert datagen.inspect(directory, dataset) is State.COMPLETE


def write_marker(directory: Path, **changes: object) -> None:
    path = directory / "datagen.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: (d / "datagen.json").unlink(), "neither manifest.json nor datagen"),
        (lambda d: write_marker(d, generator_version="0"), "generator_version is 0"),
        (lambda d: write_marker(d, spec_digest="ab"), "spec_digest is ab"),
        (lambda d: (d / "datagen.json").write_text("?"), "datagen.json: "),
    ],
)
def test_a_foreign_directory_is_refused(tmp_path, npz, spoil, message):
    dataset = npz()
    datagen.prepare(tmp_path, dataset)
    spoil(tmp_path)
    for function in (datagen.inspect, datagen.prepare):
        with pytest.raises(NotReadyError, match=message) as caught:
            function(tmp_path, dataset)
        assert "away" in str(caught.value)


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path, npz):
    path = tmp_path / "taken"
    path.touch()
    with pytest.raises(NotReadyError, match=r"taken: cannot list: .*ENOTDIR"):
        datagen.inspect(path, npz())


def test_a_stopped_generation_resumes(tmp_path, npz, generate):
    dataset = npz(files=40)
    reference = generate(tmp_path / "reference", dataset)
    directory = dataset_directory(tmp_path, "test", dataset)
    work = start(directory, dataset, threads=2)
    wait_for(lambda: work.crew.progress.files_done >= 3)
    work.crew.stop()
    assert work.crew.wait(0)
    done = work.crew.progress.files_done
    assert 3 <= done < 40
    with pytest.raises(RunFailedError, match=f"stopped after {done} of 40 files"):
        work.result()
    assert not list(tmp_path.rglob("*.part"))
    again = start(directory, dataset, threads=2)
    assert again.crew.wait(20)
    share = again.result()
    assert (share.files_kept, share.files_written) == (done, 40 - done)
    assert share.files_replaced == 0
    made = datagen.finish(directory, dataset, [share.entries])
    assert hashes(directory) == hashes(reference.directory)
    assert made.digest == reference.digest


def test_a_killed_generation_resumes(tmp_path, npz):
    """kill -9 leaves whole files and .part files, never half of a file."""
    dataset = npz(
        files=99, record_length_bytes=2e6, record_length_stdev_bytes=2_000_000 / 3
    )
    directory = dataset_directory(tmp_path, "test", dataset)
    command = elsewhere(tmp_path, length=2_000_000, files=99)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        wait_for(lambda: list(directory.glob("train/*.npz")))
        process.kill()
    finished = len(list(directory.glob("train/*.npz")))
    assert 1 <= finished < 99
    assert datagen.inspect(directory, dataset) is State.INTERRUPTED
    work = start(directory, dataset, threads=2)
    wait_for(lambda: work.crew.wait(0.1))
    share = work.result()
    assert (share.files_kept, share.files_written) == (finished, 99 - finished)
    assert share.files_replaced == 0
    assert not list(directory.rglob("*.part*"))
    datagen.finish(directory, dataset, [share.entries])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b"\x00" * path.stat().st_size),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
    ],
)
def test_a_file_that_does_not_fit_is_replaced_and_counted(
    tmp_path, npz, generate, spoil
):
    dataset = npz()
    made = generate(tmp_path, dataset)
    reference = hashes(made.directory)
    (made.directory / "manifest.json").unlink()
    spoil(made.path_of(3))
    work = start(made.directory, dataset)
    assert work.crew.wait(20)
    share = work.result()
    assert (share.files_kept, share.files_replaced, share.files_written) == (6, 1, 1)
    assert share.written_bytes == made.size_of(3)
    datagen.finish(made.directory, dataset, [share.entries])
    assert hashes(made.directory) == reference


def test_a_stale_part_is_overwritten(tmp_path, npz, generate):
    dataset = npz()
    directory = dataset_directory(tmp_path, "test", dataset)
    datagen.prepare(directory, dataset)
    stale = directory / "train/img_3_of_7.npz.part"
    stale.write_bytes(b"?" * 10**6)
    made = generate(tmp_path, dataset)
    assert not stale.exists()
    with np.load(made.path_of(3)) as arrays:
        assert set(arrays) == {"x", "y"}


def test_progress_is_seen_from_outside(tmp_path, jpeg):
    dataset = jpeg(files=30)
    work = start(tmp_path / "data", dataset)
    seen = []

    def finished() -> bool:
        seen.append(work.crew.progress)
        return work.crew.wait(0.001)

    wait_for(finished)
    end = work.crew.progress
    assert (end.files, end.files_done, end.bytes_done) == (30, 30, 30 * 50_000)
    assert end.last_object == ""
    assert [p.files_done for p in seen] == sorted(p.files_done for p in seen)
    assert any(p.last_object.startswith("train/img_") for p in seen)


def test_more_ranks_than_files(tmp_path, npz, generate):
    made = generate(tmp_path, npz(files=2), world=4)
    assert len(made.entries) == 2


def test_memory_does_not_grow_with_the_file(tmp_path):
    """Two buffers of 4 MiB and a pool of 8 MiB write a file of 150 MB."""
    done = run_elsewhere(tmp_path, length=150_000_000, files=1)
    peak_kib = int(done.stdout.split()[-1])
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.npz")) > 50_000_000
    assert peak_kib < 100 * 1024


def test_a_file_size_limit_is_one_clear_error_and_resumes(tmp_path, npz, generate):
    """EFBIG: the failure anyone can provoke without a full disk."""
    done = run_elsewhere(tmp_path, limit=300_000)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "errno 27, EFBIG); raise the file size limit" in done.stderr
    assert "finished files are kept" in done.stderr
    assert done.stderr.count("cannot generate") == 1
    assert not list(tmp_path.rglob("*.part"))
    made = generate(tmp_path, npz(record_length_stdev_bytes=100_000.0))
    reference = generate(tmp_path / "reference", npz())
    assert made.digest == reference.digest


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 2 MiB; only root may mount one."""
    point = tmp_path / "small"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(point)]
    able = not os.geteuid() and shutil.which("mount")
    if not able or subprocess.run(command, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    yield point
    subprocess.run(["umount", str(point)], check=True)


def test_a_full_disk_is_one_clear_error_and_resumes(small_disk, npz):
    dataset = npz(files=12)
    directory = dataset_directory(small_disk, "test", dataset)
    work = start(directory, dataset, threads=2)
    with pytest.raises(RunFailedError, match=r"img_\d+_of_12.npz: cannot") as caught:
        wait_for(lambda: work.crew.wait(0.1))
    assert "(errno 28, ENOSPC); free space" in str(caught.value)
    work.crew.stop()
    kept = len(list(directory.glob("train/*.npz")))
    assert kept >= 3
    assert not list(directory.rglob("*.part"))
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    again = start(directory, dataset)
    assert again.crew.wait(20)
    assert again.result().files_kept == kept
    datagen.finish(directory, dataset, [again.result().entries])
    assert load(directory, dataset).total_bytes > 2 * 2**20


def test_a_failing_manifest_is_one_clear_error(tmp_path, npz):
    work = start(tmp_path / "data", npz())
    assert work.crew.wait(20)
    (tmp_path / "data/manifest.npy.part").mkdir()
    with pytest.raises(RunFailedError, match=r"cannot write the manifest of.*EISDIR"):
        datagen.finish(tmp_path / "data", npz(), [work.result().entries])


def test_what_one_thread_raises_stops_all_and_reaches_the_caller():
    def task(number, worker):
        if number == 5:
            raise ZeroDivisionError
        worker.files_done += 1
        while number == 7 and not worker.stopping:
            time.sleep(0.001)

    crew = Crew(task, range(1000), 3)
    crew.start()
    with pytest.raises(ZeroDivisionError):
        wait_for(lambda: crew.wait(0.05))
    crew.stop(5)
    assert crew.progress.files_done < 1000


def test_waiting_does_not_block():
    crew = Crew(lambda number, worker: time.sleep(0.3), range(1), 1)
    crew.start()
    began = time.monotonic()
    assert not crew.wait(0.01)
    assert time.monotonic() - began < 0.2
    assert crew.wait(5)
