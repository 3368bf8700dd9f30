"""A comparison as plain data for programs: schema `difference/1`."""

from typing import Any

from rules.comparison.comparison import Comparison
from rules.comparison.contrast import Contrast
from rules.comparison.interval import CONFIDENCE_PERCENT
from rules.comparison.side import Side

SCHEMA = "difference/1"


def data(found: Comparison) -> dict[str, Any]:
    """Plain data of a comparison."""
    units = found.units
    return {
        "schema": SCHEMA,
        "a": _side_data(found.old),
        "b": _side_data(found.new),
        "unfair": list(found.unfair),
        "config": [
            {
                "key": d.key,
                "a": d.old,
                "b": d.new,
                "concern": d.concern.name.lower(),
            }
            for d in found.config
        ],
        "environment": [
            {"fact": f.name, "a": list(f.old), "b": list(f.new)} for f in found.facts
        ],
        "unit": units.name if units else None,
        "confidence_percent": CONFIDENCE_PERCENT,
        "metrics": [_contrast_data(row) for row in found.contrasts],
    }


def _side_data(side: Side) -> dict[str, Any]:
    return {
        "where": side.where,
        "stage": side.stage.name.lower(),
        "plan": side.doc.plan.name,
        "digest": side.doc.digest,
        "verdict": side.verdict or None,
        "failed": list(side.faults),
        "runs": [run.run_id for run in side.runs],
    }


def _contrast_data(row: Contrast) -> dict[str, Any]:
    difference, interval = row.difference, row.interval
    relative = None if difference is None else row.relative_percent(difference)
    return {
        "metric": row.metric.key,
        "unit": row.metric.unit,
        "a": list(row.old),
        "b": list(row.new),
        "difference": difference,
        "relative_percent": relative,
        "interval": [interval.low, interval.high] if interval else None,
        "verdict": row.verdict,
        "why": row.why,
    }
