"""The plan and its file: load, render, identity.

`digest` is SHA-256 over the RFC 8785 form of the `plan` part alone. Reading
never executes anything: YAML is parsed by the safe loader after size, depth,
alias and tag limits, then built into typed dataclasses.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import rfc8785
import yaml

from mlps.errors import PlanError
from mlps.plan.campaign import Campaign, Derived
from mlps.plan.setting import Submission, System
from mlps.plan.training import TrainingWorkload
from mlps.plan.typed import TypedError, build, plain

SCHEMA = "plan/2"
MAX_PLAN_BYTES = 4 * 2**20
MAX_DEPTH = 32
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# A plan's name becomes the name of a directory, and plans come from strangers.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_HEADER = "# mlps run plan. Frozen: changing it changes what it is (see digest).\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that will happen, before it happens."""

    schema: str
    name: str
    workload: TrainingWorkload
    system: System
    submission: Submission
    derived: Derived
    campaign: Campaign

    def __post_init__(self) -> None:
        """Refuse a name that could lead out of the results directory."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name {self.name[:80]!r} is no file name;"
                " use letters, digits, '.', '_' and '-'"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """A plan as stored: the hashed part, its digest, and where values came from."""

    plan: Plan
    digest: str
    provenance: dict[str, Any]

    @property
    def campaign_name(self) -> str:
        """Name of the campaign directory: `<plan name>-<digest8>`."""
        return f"{self.plan.name}-{self.digest.removeprefix('sha256:')[:8]}"


def digest_of(plan: Plan) -> str:
    """Identity of a plan: `sha256:` and 64 hex digits over its canonical JSON."""
    try:
        canonical = rfc8785.dumps(plain(plan))
    except rfc8785.CanonicalizationError as error:
        raise PlanError(
            f"plan {plan.name!r}: a value has no canonical form ({error});"
            " whole numbers must stay below 2^53"
        ) from error
    return "sha256:" + hashlib.sha256(canonical).hexdigest()


def document(plan: Plan, provenance: dict[str, Any]) -> PlanDocument:
    """Freeze a plan with its provenance."""
    return PlanDocument(plan=plan, digest=digest_of(plan), provenance=provenance)


def render(doc: PlanDocument) -> bytes:
    """Render the one file form of a plan: same document, same bytes."""
    data = {
        "digest": doc.digest,
        "plan": plain(doc.plan),
        "provenance": doc.provenance,
    }
    text = yaml.dump(
        data,
        Dumper=_DUMPER,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=None,
    )
    return (_HEADER + text).encode()


def parse(data: bytes, where: str = "plan") -> PlanDocument:
    """Parse plan bytes; PlanError when it is no plan or its digest is not its own."""
    raw = _safe_yaml(data, where)
    if not isinstance(raw, dict) or set(raw) != {"digest", "plan", "provenance"}:
        raise PlanError(
            f"{where}: no plan; a plan has exactly digest, plan and provenance"
            " (compile one with `mlps +workload=... +system=...`)"
        )
    try:
        plan = build(Plan, raw["plan"], "plan")
    except TypedError as error:
        raise PlanError(f"{where}: {error}") from error
    if plan.schema != SCHEMA:
        raise PlanError(f"{where}: schema is {plan.schema!r}; this mlps reads {SCHEMA}")
    if not isinstance(raw["provenance"], dict):
        raise PlanError(f"{where}: provenance: a mapping is needed")
    try:
        own = digest_of(plan)
    except PlanError as error:
        raise PlanError(f"{where}: {error}") from error
    if raw["digest"] != own:
        raise PlanError(
            f"{where}: the plan was changed after it was compiled: it says digest"
            f" {str(raw['digest'])[:80]!r} but is {own}; compile"
            " it again instead of editing it"
        )
    return PlanDocument(plan=plan, digest=own, provenance=raw["provenance"])


def _safe_yaml(data: bytes, where: str) -> object:
    if len(data) > MAX_PLAN_BYTES:
        raise PlanError(
            f"{where}: {len(data)} bytes; a plan has at most {MAX_PLAN_BYTES}"
        )
    depth = 0
    try:
        for event in yaml.parse(data, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent):
                raise PlanError(f"{where}: YAML aliases are not allowed in a plan")
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                depth += 1
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                raise PlanError(f"{where}: nested deeper than {MAX_DEPTH} levels")
        return yaml.load(data, Loader=_LOADER)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        text = " ".join(str(error).split())[:200]
        raise PlanError(f"{where}: not readable as YAML: {text}") from error
