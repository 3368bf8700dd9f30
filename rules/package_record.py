"""What a source read of a package: its seal as found, and as it has to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One JSON file of the seal: as stored, and as derived anew from the package.

    `stored` is None when the file can't be read, which `fault` explains.
    `is_canonical`: its bytes are the one form such a file is written in.
    """

    name: str
    stored: Mapping[str, Any] | None
    derived: Mapping[str, Any]
    fault: str
    is_canonical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What ssh-keygen said of statement.json.sig.

    `is_good` is None when it could not be asked, which `problem` explains. `key` is
    type and fingerprint. `identity` is whose key it was checked to be, else empty.
    """

    is_good: bool | None
    key: str
    identity: str
    problem: str

    @property
    def words(self) -> str:
        """Say whose a good signature is, as far as that was checked."""
        whose = self.identity or "identity not checked: give --allowed-signers"
        return f"a good signature by {self.key} ({whose})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRecord:
    """The seal of a package. `signer` is whose signature was asked for, if anyone's.

    `files` are all ordinary files below the package; `strange` names the rest.
    """

    statement: Seal
    verdict: Seal
    files: frozenset[str]
    strange: tuple[str, ...]
    signer: str
    signature: Signature | None
