"""This machine: whether it can run a local system, its ports, and what listens on them. Knows nothing of what is started."""

from __future__ import annotations

import contextlib
import fcntl
import platform
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from local_aws import http
from progress import Stopped

# Where a system answers when nobody else does; the usual port of a local AWS first.
PREFERRED_PORTS = {"aws": 4566, "appliance": 4580, "autotask": 4581}
START_SECONDS = 60
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def check() -> None:
    """Stops on a machine that cannot run the functions."""
    if platform.system() != "Linux":
        raise Stopped("the local system runs the functions' Linux binaries as processes", do_next="use Linux, or a Linux container or virtual machine")
    if platform.machine() not in ARCHITECTURES:
        raise Stopped(f"no Lambda architecture is like {platform.machine()}", do_next="use an x86_64 or arm64 machine")


def architecture() -> str:
    """What Lambda calls this processor."""
    return ARCHITECTURES[platform.machine()]


@contextlib.contextmanager
def exclusive(state: Path) -> Iterator[None]:
    """Lets one command at a time work on a system."""
    with open(state / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stopped("another command is at work on this system", do_next="wait for it, or end it, and repeat") from None
        yield


def free_port(purpose: str) -> int:
    """The usual port, or any that is free when somebody else has it."""
    for port in (PREFERRED_PORTS[purpose], 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise Stopped("no free port on the loopback address", do_next="end some programs that listen")


def loopback() -> str:
    """The loopback address that programs look at first: a machine without IPv6 has only the other one."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return "::1"
    return "127.0.0.1"


def answers(url: str) -> bool:
    """Whether a GET of this address is answered 200."""
    with contextlib.suppress(OSError):
        return http("GET", url, timeout=5)[0] == 200
    return False


def listens(url: str) -> bool:
    """Whether anybody listens at the host and port of this address."""
    host, port = url.split("//")[1].split("/")[0].split(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
        return True
    return False


def wait_for(process: subprocess.Popen, log: Path, is_ready: Callable[[], object], what: str) -> None:
    """Waits until a process that was just started is ready."""
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if process.poll() is not None:
            raise Stopped(f"{what} ended at once", do_next="see the log, then repeat the command", log=log)
        if time.monotonic() > deadline:
            raise Stopped(f"{what} did not answer within {START_SECONDS} s", do_next="see the log, then repeat the command", log=log)
        time.sleep(0.1)
