"""The processes of one local system: started in the background, found again, and stopped, also after a crash.

Each is started with a marker in its environment that names the state directory of its system, and hands it down to its
children (the functions). So everything that belongs to a system is found by looking, and nothing else is ever touched:
no process id that may since belong to another program has to be trusted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

MARKER = "SESSION_BRIDGE_LOCAL_SYSTEM"
# A stopped emulator ends its functions first; what is still there after this long is killed.
STOP_SECONDS = 8.0


def start(state: Path, name: str, command: list[str], environment: dict[str, str]) -> subprocess.Popen:
    """Starts a process in the background; what it prints goes to `<state>/<name>.log`."""
    with open(state / f"{name}.log", "wb") as log:
        return subprocess.Popen(
            command,
            cwd=state,
            env={**environment, MARKER: str(state)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Its own group: an interrupt at the terminal is for the command, not for a system that should stay.
            start_new_session=True,
        )


def of_system(state: Path) -> list[int]:
    """The ids of all living processes of a system."""
    wanted = f"{MARKER}={state}".encode()
    return sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _carries(entry, wanted))


def is_alive(state: Path, pid: int | None) -> bool:
    """Whether a process id that was written down still belongs to the system."""
    return pid is not None and _carries(Path("/proc") / str(pid), f"{MARKER}={state}".encode())


def stop(state: Path, pids: list[int] | None = None) -> int:
    """Stops the given processes of a system, or all of them, and returns how many there were."""
    there = of_system(state) if pids is None else [pid for pid in pids if is_alive(state, pid)]
    found = len(there)
    deadline = time.monotonic() + STOP_SECONDS
    _signal(there, signal.SIGTERM)
    while there and time.monotonic() < deadline:
        time.sleep(0.05)
        there = _still(state, there, pids)
    while there:
        _signal(there, signal.SIGKILL)
        time.sleep(0.05)
        there = _still(state, there, pids)
    return found


def _still(state: Path, before: list[int], pids: list[int] | None) -> list[int]:
    # Looked up anew when all are meant: one may have been started while the others were being stopped.
    return of_system(state) if pids is None else [pid for pid in before if is_alive(state, pid)]


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def _carries(process: Path, wanted: bytes) -> bool:
    """Whether a process has the marker. One that has ended but was not yet collected shows no environment."""
    try:
        return wanted in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
