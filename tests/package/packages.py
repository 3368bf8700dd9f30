"""Packages of copied campaigns, made by the product, and ways to spoil them."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from rules.finding import Judgement
from rules.package.layout import SIGNATURE, STATEMENT, SUMS
from rules.package.sealing import seal
from rules.package.signature import sign
from tests.rules.bench import Bench, Campaign, said

Spoil = Callable[[Path], None]


def key(folder: Path, name: str = "key") -> Path:
    """A new SSH key without a passphrase; its public half is beside it."""
    path = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=20)
    return path


def sealed(campaign: Campaign, folder: Path, *, signed: bool = False) -> Path:
    """Package of the campaign in `folder`; `signed` with a new key beside it."""
    own = key(folder) if signed else None
    seal(campaign.path, folder / "package", key=own, allow_invalid=False)
    return folder / "package"


def of_package(spoil: Spoil, *, signed: bool = False) -> Callable[[Bench], Path]:
    """Make a specimen: a spoilt package of the demo campaign."""

    def make(bench: Bench) -> Path:
        package = sealed(bench.demo, bench.folder, signed=signed)
        spoil(package)
        return package

    return make


def untouched(_: Path) -> None:
    return


def listed_anew(package: Path) -> None:
    """Checksums of what is there now, as somebody who tampers would write them."""
    names = sorted(
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.name != SUMS
    )
    lines = [
        f"{hashlib.sha256((package / name).read_bytes()).hexdigest()}  {name}\n"
        for name in names
    ]
    (package / SUMS).write_text("".join(lines))


def restated(**values: object) -> Spoil:
    """Change values of the predicate, and make the checksums fit."""

    def spoil(package: Path) -> None:
        path = package / STATEMENT
        data = json.loads(path.read_text())
        data["predicate"].update(values)
        path.write_text(json.dumps(data, indent=2) + "\n")
        listed_anew(package)

    return spoil


def without_statement(package: Path) -> None:
    (package / STATEMENT).unlink()


def signed_for_another_purpose(package: Path) -> None:
    """A good signature by the same key, of the same bytes, in another namespace."""
    (package / SIGNATURE).unlink()
    own = package.parent / "key"
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", own, "-n", "file"]
    subprocess.run(
        [*command, package / STATEMENT], check=True, capture_output=True, timeout=20
    )
    listed_anew(package)


def signed_by_another(package: Path) -> None:
    (package / SIGNATURE).unlink()
    sign(key(package.parent, "other"), package / STATEMENT)
    listed_anew(package)


def files(path: Path) -> list[Path]:
    return [p for p in path.rglob("*") if p.is_file()]


def verdicts(judgement: Judgement) -> tuple[str, str]:
    """Verdicts of EV-30 and EV-31."""
    sealing, signing = (said(judgement, rule)[0] for rule in ("EV-30", "EV-31"))
    return sealing.verdict, signing.verdict


def told(judgement: Judgement, rule: str) -> str:
    return said(judgement, rule)[0].actual
