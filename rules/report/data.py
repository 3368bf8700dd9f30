"""Report as plain data: everything a page shows, for programs."""

import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from math import isfinite

from rules.report.chapter import Chapter

SCHEMA = "report/2"


def document(chapters: Sequence[Chapter], exit_status: int) -> str:
    """JSON of all chapters; what is not recorded is null."""
    whole = {
        "schema": SCHEMA,
        "exit_status": exit_status,
        "subjects": [plain(chapter) for chapter in chapters],
    }
    return json.dumps(whole, allow_nan=False) + "\n"


def plain(value: object) -> object:
    """Turn views into dicts, lists and plain values, field by field."""
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return str(value) if isinstance(value, str) else value
