"""Numbers of ranks as people write them."""

from collections.abc import Sequence


def ranges(ranks: Sequence[int]) -> str:
    """Render numbers briefly: `0-3,7`."""
    parts: list[list[int]] = []
    for rank in sorted(ranks):
        if parts and rank == parts[-1][-1] + 1:
            parts[-1].append(rank)
        else:
            parts.append([rank])
    return ",".join(
        str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts
    )
