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

    def prepare_summary(self, directory: Path, summary: dict[str, Any]) -> None:
        """Bring a summary to the disk under another name, and list its checksum.

        It gets its name by `publish_summary`, after the ledger says that the run is
        sealed: a summary.json is there for sealed runs only. So what can fail for want
        of space comes before the ledger's line.
        """
        text = (json.dumps(summary, indent=2, ensure_ascii=False) + "\n").encode()
        replace_file(directory / _PREPARED, text)
        name = directory.relative_to(self.path).as_posix()
        listed = {
            "plan.yaml": _sha256(self.plan.read_bytes()),
            f"{name}/evidence.h5": summary["evidence_sha256"],
            f"{name}/summary.json": _sha256(text),
        }
        self._store_checksums(self._checksums() | listed)

    def publish_summary(self, directory: Path) -> None:
        """Give the prepared summary its name."""
        (directory / _PREPARED).replace(directory / "summary.json")

    def withdraw_summary(self, directory: Path) -> None:
        """Take away what was listed of a run that could not be sealed."""
        for name in (_PREPARED, "summary.json"):
            with contextlib.suppress(OSError):  # it can't be read as sealed either way
                (directory / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            inside = directory.relative_to(self.path).as_posix() + "/"
            listed = self._checksums()
            kept = {k: v for k, v in listed.items() if not k.startswith(inside)}
            if kept != listed:
                self._store_checksums(kept)

    def _checksums(self) -> dict[str, str]:
        """Give what was sealed before as it was sealed, if it is still there."""
        path = self.path / "SHA256SUMS"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        pairs = (line.split("  ", 1) for line in lines)
        return {name: digest for digest, name in pairs if (self.path / name).exists()}

    def _store_checksums(self, listed: dict[str, str]) -> None:
        lines = (f"{digest}  {name}\n" for name, digest in sorted(listed.items()))
        replace_file(self.path / "SHA256SUMS", "".join(lines).encode())


def new_run_id() -> str:
    """Random, so that two runs can never share a directory."""
    return secrets.token_hex(4)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
