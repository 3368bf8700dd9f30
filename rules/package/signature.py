"""Signs and checks with `ssh-keygen -Y`: no key is read here, no format invented."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlps.errors import MlpsError
from rules.package_record import Signature

_NAMESPACE = "mlps"
_CHECK_S = 20
_SIGN_S = 120
_GOOD = re.compile(r'Good "mlps" signature .*?with (\S+ key SHA256:[A-Za-z0-9+/]{43})')
_MISSING = "ssh-keygen (OpenSSH 8.2 or newer) is needed and not there; install it"


class SignatureError(MlpsError):
    """A signature that could not be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Whose signature is asked for: `name` in an ssh-keygen allowed_signers file."""

    file: Path
    name: str


class _NoAnswerError(Exception):
    """ssh-keygen is not there, or did not answer."""


@dataclass(frozen=True, slots=True)
class _Said:
    status: int
    out: str
    problem: str


def sign(key: Path, file: Path) -> None:
    """Write `file`.sig with a private key, or a public one whose agent is there."""
    command = ["sign", "-f", str(key), "-n", _NAMESPACE, str(file)]
    try:
        said = _ask(command, b"", _SIGN_S)
    except _NoAnswerError as error:
        raise SignatureError(f"--sign: {error}") from error
    if said.status != 0:
        raise SignatureError(f"--sign {key}: not signed: {said.problem}")


def check(statement: bytes, signature: bytes, signers: Signers | None) -> Signature:
    """Check a signature of these bytes, and whose it is when that is asked for."""
    with tempfile.TemporaryDirectory(prefix="mlps-") as folder:
        # ssh-keygen is given our own copy: the name it opens is never a stranger's.
        path = Path(folder) / "signature"
        path.write_bytes(signature)
        given = ["-n", _NAMESPACE, "-s", str(path)]
        try:
            said = _ask(["check-novalidate", *given], statement, _CHECK_S)
            if said.status != 0 or signers is None:
                return _signature(said, "")
            own = ["verify", *given, "-f", str(signers.file), "-I", signers.name]
            return _signature(_ask(own, statement, _CHECK_S), signers.name)
        except _NoAnswerError as error:
            return Signature(is_good=None, key="", identity="", problem=str(error))


def _signature(said: _Said, identity: str) -> Signature:
    good = _GOOD.search(said.out)
    if said.status == 0 and good is not None:
        return Signature(is_good=True, key=good[1], identity=identity, problem="")
    return Signature(is_good=False, key="", identity=identity, problem=said.problem)


def _ask(arguments: Sequence[str], text: bytes, limit_s: float) -> _Said:
    """Run `ssh-keygen -Y`; _NoAnswerError when there is no such program."""
    try:
        done = subprocess.run(
            ["ssh-keygen", "-Y", *arguments],
            input=text,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except FileNotFoundError as error:
        raise _NoAnswerError(_MISSING) from error
    except subprocess.TimeoutExpired as error:
        raise _NoAnswerError(f"no answer of ssh-keygen in {limit_s:g} s") from error
    except OSError as error:
        raise _NoAnswerError(f"ssh-keygen can't be started: {error}") from error
    if b"option -- Y" in done.stderr:
        raise _NoAnswerError(_MISSING)
    told = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
    out = done.stdout.decode(errors="replace")
    return _Said(done.returncode, out, told[:300] or f"exit {done.returncode}")
