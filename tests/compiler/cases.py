"""Golden plans and how to write them anew: `python -m tests.compiler.cases`."""

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mlps.compiler.compiler import Compiler
from mlps.plan import PlanDocument, render

GOLDEN = Path(__file__).parent / "golden"
# Each workload on the first accelerator of the newest edition in which it counts
# (dlrm and flux count in none), the rest of the documented sweep, and a demo.
CASES = {
    "unet3d-b200x8-closed": ["+workload=unet3d", "+system=b200x8"],
    "unet3d-mi355x8-closed": ["+workload=unet3d", "+system=mi355x8"],
    "retinanet-b200x8-closed": ["+workload=retinanet", "+system=b200x8"],
    "retinanet-mi355x8-closed": ["+workload=retinanet", "+system=mi355x8"],
    "resnet50-a100x8-closed-2.0": [
        "+workload=resnet50",
        "+system=a100x8",
        "submission.edition=2.0",
    ],
    "cosmoflow-a100x8-closed-2.0": [
        "+workload=cosmoflow",
        "+system=a100x8",
        "submission.edition=2.0",
    ],
    "dlrm-b200x8-whatif": ["+workload=dlrm", "+system=b200x8", "submission=whatif"],
    "flux-b200x8-whatif": ["+workload=flux", "+system=b200x8", "submission=whatif"],
    "unet3d-local-demo": [
        "+workload=unet3d",
        "+system=local",
        "submission=demo",
        "system.host_memory=16GiB",
    ],
}
# First 16 digits of each digest.
DIGESTS = {
    "unet3d-b200x8-closed": "01f5606af6bc8d87",
    "unet3d-mi355x8-closed": "93194fd63899eef1",
    "retinanet-b200x8-closed": "27e4738b9e1edf4c",
    "retinanet-mi355x8-closed": "50817b99c19fa252",
    "resnet50-a100x8-closed-2.0": "4fee8e07f74772f3",
    "cosmoflow-a100x8-closed-2.0": "06ec1f0d7f692cde",
    "dlrm-b200x8-whatif": "be2d2eb1591c05d4",
    "flux-b200x8-whatif": "7a1f624a583c1130",
    "unet3d-local-demo": "a975562cc644ae4c",
}


def compiled() -> Iterator[tuple[str, PlanDocument]]:
    """Compile every case."""
    compiler = Compiler()
    for name, overrides in CASES.items():
        yield name, compiler.compile(overrides)


def short(digest: str) -> str:
    """First 16 digits of a digest."""
    return digest.removeprefix("sha256:")[:16]


def pinned(doc: PlanDocument) -> bytes:
    """The plan file without its software lock, which is this machine's own."""
    kept = {key: part for key, part in doc.provenance.items() if key != "software"}
    return render(replace(doc, provenance=kept))


def without_versions(plan_file: bytes) -> bytes:
    """Leave out the versions of libraries: an upgrade must not change a plan."""
    return re.sub(rb"(?m)^  versions: .*\n", b"", plan_file)


def main() -> None:
    """Write the golden files and print their digests."""
    for name, doc in compiled():
        (GOLDEN / f"{name}.yaml").write_bytes(pinned(doc))
        sys.stdout.write(f'    "{name}": "{short(doc.digest)}",\n')


if __name__ == "__main__":
    main()
