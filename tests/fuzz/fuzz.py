"""Fuzzes one target for a while: `make fuzz`, or fuzz.py TARGET SECONDS FOLDER.

Inputs that break a reader stay in FOLDER; they belong into tests/fuzz/inputs, where
`make test` tries them for ever.
"""

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["mlps", "rules"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run one target under the fuzzer, beginning with the inputs that are kept."""
    name, seconds, found = sys.argv[1:]
    kept = Path(__file__).parent / "inputs" / name
    corpus = Path(found) / name
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        atheris.Setup(
            [
                sys.argv[0],
                f"-max_total_time={seconds}",
                f"-artifact_prefix={corpus}/crash-",
                "-rss_limit_mb=1024",
                "-timeout=20",
                "-print_final_stats=1",
                "-verbosity=0",
                str(corpus),
                str(kept),
            ],
            lambda data: TARGETS[name](data, Path(folder)),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
