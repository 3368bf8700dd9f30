"""What the runner says on stderr; nobody has to listen."""

import contextlib
import sys


def tell(text: str) -> bool:
    """Say it; a stderr that is closed is no reason to end anything."""
    try:
        sys.stderr.write(f"mlps-runner: {text}\n")
        sys.stderr.flush()
    except OSError:
        return False
    return True


def give(text: str) -> None:
    """Give the product on stdout; what cannot be given is on the disk."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
