"""The files of a campaign: the only place that names them.

`<results>/<plan name>-<digest8>/`: plan.yaml, campaign.jsonl, SHA256SUMS and
`runs/<nn>-<kind>-<run id>/` with evidence.h5, summary.json and runner.log.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlps.atomic import replace_file
from mlps.errors import NotReadyError, RunFailedError
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
        replace_file(self.plan, data)
        return data

    def store_summary(self, directory: Path, summary: dict[str, Any]) -> None:
        """Write a sealed run's summary, then add its files to the checksums."""
        try:
            self._store_summary(directory, summary)
        except OSError as error:
            raise RunFailedError(
                f"{error.filename or directory}: cannot be written:"
                f" {error.strerror} (errno {error.errno}); free space there or mend it"
            ) from error

    def _store_summary(self, directory: Path, summary: dict[str, Any]) -> None:
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        replace_file(directory / "summary.json", text.encode())
        name = directory.relative_to(self.path).as_posix()
        self._add_checksums(
            {
                "plan.yaml": _sha256(self.plan.read_bytes()),
                f"{name}/evidence.h5": summary["evidence_sha256"],
                f"{name}/summary.json": _sha256(text.encode()),
            }
        )

    def _add_checksums(self, new: dict[str, str]) -> None:
        """Keep what was sealed before as it was sealed, if it is still there."""
        path = self.path / "SHA256SUMS"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        pairs = (line.split("  ", 1) for line in lines)
        kept = {name: digest for digest, name in pairs if (self.path / name).exists()}
        listed = sorted((kept | new).items())
        replace_file(path, "".join(f"{d}  {name}\n" for name, d in listed).encode())


def new_run_id() -> str:
    """Random, so that two runs can never share a directory."""
    return secrets.token_hex(4)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
