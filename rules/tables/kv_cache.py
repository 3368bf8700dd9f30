"""What an edition says of KV caches."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One workload of table KVCache-1; users are those of one client."""

    option: int
    name: str
    model: str
    num_users: int
    duration_s: int
    gpu_memory_gib: float
    cpu_memory_gib: float
    max_concurrent_allocs: int
    generation_mode: str

    def flags(self) -> dict[str, str | float]:
        """Its values by the flags that hand them to the benchmark."""
        return {
            "model": self.model,
            "num-users": self.num_users,
            "duration": self.duration_s,
            "gpu-mem-gb": self.gpu_memory_gib,
            "cpu-mem-gb": self.cpu_memory_gib,
            "max-concurrent-allocs": self.max_concurrent_allocs,
            "generation-mode": self.generation_mode,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KvCache:
    """Figures of rules 6.x.

    `delays_s` are the pauses between options that count. `older_latency` says whether
    the storage latency of the tool before its device latency still counts.
    `allocators` are libraries that change nothing but memory allocation.
    """

    options: tuple[Option, ...]
    seed: int
    trials: int
    delays_s: tuple[float, ...]
    older_latency: bool
    wrapper_flags: tuple[str, ...]
    open_flags: tuple[str, ...]
    allocators: tuple[str, ...]

    def option(self, number: int) -> Option | None:
        """Option of that number, None when the table has none."""
        return next((o for o in self.options if o.option == number), None)
