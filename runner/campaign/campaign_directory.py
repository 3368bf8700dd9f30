"""The files of a campaign: the only place that names them.

`<results>/<plan name>-<digest8>/`: plan.yaml, campaign.jsonl, SHA256SUMS and
`runs/<nn>-<kind>-<run id>/` with evidence.h5, summary.json and runner.log.
"""

import contextlib
import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlps.atomic import replace_file
from mlps.errors import NotReadyError
from mlps.plan import PlanDocument, Run, parse

_PREPARED = ".summary.json"


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

    def prepare_summary(self, directory: Path, summary: dict[str, Any]) -> bytes:
        """Bring a summary to the disk under another name; return its bytes.

        It gets its name by `publish_summary`, after the ledger says that the run is
        sealed: a summary.json is there for sealed runs only.
        """
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        prepared = directory / _PREPARED
        replace_file(prepared, text.encode())
        return text.encode()

    def publish_summary(self, directory: Path, text: bytes, evidence: str) -> None:
        """Give the prepared summary its name, and add the run to the checksums."""
        (directory / _PREPARED).replace(directory / "summary.json")
        name = directory.relative_to(self.path).as_posix()
        self._add_checksums(
            {
                "plan.yaml": _sha256(self.plan.read_bytes()),
                f"{name}/evidence.h5": evidence,
                f"{name}/summary.json": _sha256(text),
            }
        )

    def withdraw_summary(self, directory: Path) -> None:
        """Take away the summary of a run that could not be sealed."""
        for name in (_PREPARED, "summary.json"):
            with contextlib.suppress(OSError):  # it can't be read as sealed either way
                (directory / name).unlink(missing_ok=True)

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
