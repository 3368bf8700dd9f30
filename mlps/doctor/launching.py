"""Starting what must be started to know it: packages, launcher, two ranks."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mlps.doctor.facts import Ended, Launcher, Package, Software

HELLO_S = 6.0
VERSION_S = 2.0
PACKAGES_S = 6.0
_NAMES = ("mpirun", "mpiexec")
_DISTRIBUTIONS = {
    "mlps": "mlps",
    "h5py": "h5py",
    "numpy": "numpy",
    "hydra": "hydra-core",
    "omegaconf": "omegaconf",
    "mpi4py": "mpi4py",
}
# In a process of their own: a library of the wrong machine kills its process.
_IMPORT = """\
import importlib, json, sys
from importlib import metadata
for module, distribution in json.loads(sys.argv[1]).items():
    said = {"name": module, "version": "", "problem": ""}
    try:
        importlib.import_module(module)
        said["version"] = metadata.version(distribution)
    except Exception as error:
        said["problem"] = f"{type(error).__name__}: {error}"
    print(json.dumps(said), flush=True)
import mpi4py
mpi4py.rc.initialize = False
from mpi4py import MPI
print(json.dumps({"library": MPI.Get_library_version()}))
"""
_HELLO = """\
import json, sys
from mpi4py import MPI
said = {"size": MPI.COMM_WORLD.Get_size(), "rank": MPI.COMM_WORLD.Get_rank()}
sys.stdout.write(json.dumps(said) + "\\n")
sys.stdout.flush()
"""
_OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
_OF_A_LAUNCHER = ("PMI_", "PMIX_", "OMPI_", "PRTE_", "HYDI_", "MPI_LOCAL", "MPIR_")


def software() -> Software:
    """Find out what is installed, all but the launcher."""
    probe = [sys.executable, "-P", "-c", _IMPORT, json.dumps(_DISTRIBUTIONS)]
    said = run(probe, PACKAGES_S)
    lines = json_lines(said.stdout)
    return Software(
        python=sys.version_info[:3],
        executable=sys.executable,
        packages=tuple(_package(name, lines, said) for name in _DISTRIBUTIONS),
        library=next((str(line["library"]) for line in lines if "library" in line), ""),
        launcher=None,
        is_root=os.geteuid() == 0,
    )


def run(command: list[str], timeout_s: float) -> Ended:
    """Run a command to its end, or to ours: it and all that it started."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as talk:
        process = subprocess.Popen(
            command,
            env=_clean(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=talk,
            start_new_session=True,
        )
        try:
            status = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            status = None
        texts = []
        for stream in (out, talk):
            stream.seek(0)
            texts.append(stream.read(2**20).decode(errors="replace"))
    return Ended(status=status, stdout=texts[0], stderr=texts[1])


def json_lines(text: str) -> list[dict[str, object]]:
    """Give the lines that are JSON objects; a launcher may mix in its own talk."""
    found = []
    for line in text.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            found.append(said)
    return found


def _package(name: str, lines: list[dict[str, object]], said: Ended) -> Package:
    for line in lines:
        if line.get("name") == name:
            version, problem = str(line["version"]), str(line["problem"])
            return Package(name=name, version=version, problem=problem)
    how = "took too long" if said.status is None else f"ended with {said.status}"
    return Package(name=name, version="", problem=f"importing the packages {how}")


def launcher() -> Launcher | None:
    """Take the one a shell would take, or else the one beside the interpreter."""
    typed, beside = _found(None), _found(str(Path(sys.executable).parent))
    path = typed or beside
    if not path:
        return None
    hello = [path, "-n", "2", sys.executable, "-P", "-c", _HELLO]
    return Launcher(
        path=path,
        on_path=bool(typed),
        beside=beside if beside != path else "",
        version=run([path, "--version"], VERSION_S),
        hello=run(hello, HELLO_S),
    )


def _found(where: str | None) -> str:
    """Find a launcher on a path, by default the user's."""
    paths = (shutil.which(name, path=where) for name in _NAMES)
    return next((path for path in paths if path), "")


def _clean() -> dict[str, str]:
    """Give the environment without what another launcher left in it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OF_A_LAUNCHER)}
    return kept | _OPEN_MPI
