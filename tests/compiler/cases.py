"""Golden plans and how to write them anew: `python -m tests.compiler.cases`."""

import re
from collections.abc import Iterator
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
DIGESTS = {
    "unet3d-b200x8-closed": "",
}


def compiled() -> Iterator[tuple[str, PlanDocument]]:
    """Compile every case."""
    compiler = Compiler()
    for name, overrides in CASES.items():
        yield name, compiler.compile(overrides)


def without_versions(plan_file: bytes) -> bytes:
    """Leave out the versions of libraries: an upgrade must not change a plan."""
    return re.sub(rb"(?m)^  versions: .*\n", b"", plan_file)


def main() -> None:
    """Write the golden files and print their digests."""
    for name, doc in compiled():
        (GOLDEN / f"{name}.yaml").write_bytes(render(doc))
        print(f'    "{name}": "{doc.digest}",')


if __name__ == "__main__":
    main()
