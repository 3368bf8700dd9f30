"""Runs a command and writes what it used to a file: spawn.py FILE COMMAND...

A process inherits the peak memory of the one that forked it, through exec. So this
one stays small: whatever starts it may be as large as it likes.
"""

import os
import sys

if __name__ == "__main__":
    target, *command = sys.argv[1:]
    child = os.fork()
    if child == 0:
        os.execvp(command[0], command)
    _, status, used = os.wait4(child, 0)
    with open(target, "w", encoding="ascii") as file:  # noqa: PTH123 - stays small
        file.write(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss}")
    sys.exit(os.waitstatus_to_exitcode(status))
