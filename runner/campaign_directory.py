"""The files of a campaign: the only place that names them.

`<results>/<plan name>-<digest8>/`: plan.yaml, campaign.jsonl, SHA256SUMS and
`runs/<nn>-<kind>-<run id>/` with evidence.h5, summary.json and runner.log.
"""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlps.errors import NotReadyError
from mlps.plan import PlanDocument, Run, parse


@dataclass(frozen=True, slots=True)
class CampaignDirectory:
    """Paths of one campaign."""

    path: Path

    @property
    def plan(self) -> Path:
        """The plan as executed."""
        return self.path / "plan.yaml"

    @property
    def ledger(self) -> Path:
        """The ledger of all starts."""
        return self.path / "campaign.jsonl"

    def run(self, run: Run, run_id: str) -> Path:
        """Directory of one attempt at a run."""
        return self.path / "runs" / f"{run.label}-{run_id}"

    def is_sealed(self, run: Run, run_id: str) -> bool:
        """Say whether the files of a sealed run are still there."""
        directory = self.run(run, run_id)
        names = ("evidence.h5", "summary.json")
        return all((directory / name).is_file() for name in names)

    def adopt_plan(self, data: bytes, doc: PlanDocument) -> bytes:
        """Store the plan, or return the stored one when the digest is the same."""
        self.path.mkdir(parents=True, exist_ok=True)
        if self.plan.exists():
            stored = self.plan.read_bytes()
            if parse(stored, str(self.plan)).digest != doc.digest:
                raise NotReadyError(
                    f"{self.plan}: belongs to another plan; choose another --results"
                )
            return stored
        write_atomically(self.plan, data)
        return data

    def store_summary(self, directory: Path, summary: dict[str, Any]) -> None:
        """Write a sealed run's summary, then the checksums of all sealed files."""
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        write_atomically(directory / "summary.json", text.encode())
        self._store_checksums()

    def _store_checksums(self) -> None:
        sealed = sorted(self.path.glob("runs/*/summary.json"))
        files = [self.plan]
        for summary in sealed:
            files += [summary.with_name("evidence.h5"), summary]
        lines = [f"{_sha256(f)}  {f.relative_to(self.path)}\n" for f in files]
        write_atomically(self.path / "SHA256SUMS", "".join(lines).encode())


def new_run_id() -> str:
    """Random, so that two runs can never share a directory."""
    return secrets.token_hex(4)


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary name, sync, rename: no reader sees half a file."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
