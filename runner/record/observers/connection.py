"""How a host is reached, and what it is asked to do there: ssh, and a few lines of sh.

The script reads a number, prints the files as `head` does with their names, then
the number again. It has no clock and no schedule: it sleeps in `read` until it is
asked, and ends when its input does, so nothing can be left running.
"""

import socket

from runner.record.procfs.look import HOST_LOOKS, Look

LOCAL, SSH = "local", "ssh"
UPTIME = "/proc/uptime"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
LOOKS: tuple[Look, ...] = tuple(look for look in HOST_LOOKS if look.table != "nfs")
"""What a storage server has to say: it mounts nothing of the run."""
FILES = (UPTIME, *(file.path for look in LOOKS for file in look.files), BOOT_ID)

CONNECT_S = 10
_SSH = (
    "ssh",
    *("-T", "-a", "-x"),
    *("-o", "BatchMode=yes"),
    *("-o", f"ConnectTimeout={CONNECT_S}"),
    *("-o", "ServerAliveInterval=5"),
    *("-o", "ServerAliveCountMax=3"),
    *("-o", "ClearAllForwardings=yes"),
    *("-o", "ForwardAgent=no"),
    *("-o", "ForwardX11=no"),
    *("-o", "RequestTTY=no"),
    *("-o", "PermitLocalCommand=no"),
    *("-o", "ControlPath=none"),
    *("-o", "LogLevel=ERROR"),
)
_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# In braces, so that a shell has all of it before it does the first thing: what
# follows on its input are numbers.
SCRIPT = f"""{{ LC_ALL=C; export LC_ALL
echo; echo '==> end 0 <=='
while read -r number; do
head -n 1000000 {" ".join(FILES)} 2>/dev/null
echo; echo "==> end $number <=="
done; exit 0; }}
""".encode("ascii")


def end_of(number: int) -> bytes:
    """Give the line that ends the answer of this number."""
    return b"\n==> end %d <==\n" % number


def transport(host: str) -> str:
    """Say how a host is reached: this one without ssh."""
    here = _OWN_NAMES | {socket.gethostname()}
    return LOCAL if host in here else SSH


def command(host: str) -> tuple[str, ...]:
    """Give the command that runs sh there."""
    return ("sh",) if transport(host) == LOCAL else (*_SSH, "--", host, "exec sh")
