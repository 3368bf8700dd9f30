"""How much of an epoch's bytes came from a host's page cache, and how sure that is.

From what was delivered and what two witnesses saw of storage: the ranks' own storage
reads (/proc/self/io) and the reads of the device or NFS mount.
"""

from dataclasses import dataclass

from mlps.units import format_bytes
from rules.evidence_record import ByteFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedShare:
    """Bytes of one epoch on one host that did not come from storage: a range.

    `least_bytes`: delivered, but for all that either witness saw of storage.
    `most_bytes`: delivered, but for the storage reads of the ranks that can't have
    been of anything else. A device serves others, too: it can only raise `least`.
    """

    delivered_bytes: int
    least_bytes: int
    most_bytes: int

    @property
    def percent(self) -> tuple[float, float, float]:
        """The middle of the range, its lower and its upper end."""
        least, most = self.least_bytes, self.most_bytes
        whole = self.delivered_bytes
        return (50 * (least + most) / whole, 100 * least / whole, 100 * most / whole)

    @property
    def told(self) -> str:
        """The share as a finding says it."""
        middle, least, most = self.percent
        return (
            f"{middle:.1f} % ({least:.1f}-{most:.1f} %) of"
            f" {format_bytes(self.delivered_bytes)} came from the page cache"
        )


def cached_share(flow: ByteFlow) -> CachedShare | None:
    """Bound the share of one host's epoch; None where its ranks were not counted.

    All counters are taken from the last sample before the epoch to the first after
    it: they hold all of its reads, and what else was read in between.
    """
    delivered = flow.delivered_bytes
    if flow.fetched is None or delivered <= 0:
        return None
    seen = [flow.fetched.most, *([flow.storage.most] if flow.storage else [])]
    least = max(delivered - min(seen), 0)
    of_the_data = max(flow.fetched.most - flow.beside_bytes, 0)
    most = max(delivered - of_the_data, least)
    return CachedShare(
        delivered_bytes=delivered, least_bytes=least, most_bytes=min(most, delivered)
    )
