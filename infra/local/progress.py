"""What a person sees while the local system works: plain lines, colour only on a terminal, and failures that say what to do next."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

# A step that is quicker than this needs no time beside it.
WORTH_TIMING_SECONDS = 2.0
# As much of a log as helps to see the cause without leaving the terminal.
LOG_LINES_SHOWN = 25


class Stopped(Exception):
    """The reason why a command cannot go on: what happened, what to do next, and the log that knows more."""

    def __init__(self, what: str, *, do_next: str, log: Path | None = None):
        super().__init__(what)
        self.what = what
        self.do_next = do_next
        self.log = log


def _coloured(code: str, text: str) -> str:
    wanted = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"\033[{code}m{text}\033[0m" if wanted else text


def bold(text: str) -> str:
    return _coloured("1", text)


def line(text: str = "") -> None:
    print(text, flush=True)


@contextmanager
def step(text: str):
    """Announces a step, and says how long it took when that was long enough to be noticed."""
    line(f"{_coloured('36', '--')} {text}")
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    if took >= WORTH_TIMING_SECONDS:
        line(f"   done in {took:.0f} s")


def report(stopped: Stopped) -> None:
    """Prints a failure the way every command does: cause, end of the log, next step."""
    line()
    line(_coloured("31", f"FAILED: {stopped.what}"))
    if stopped.log and stopped.log.exists():
        line(f"The last lines of {stopped.log}:")
        for text in stopped.log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]:
            line(f"    {text}")
    line(f"Next: {stopped.do_next}")
    if stopped.log:
        line(f"Log:  {stopped.log}")


def run(command) -> None:
    """Runs a command and ends the process: 0, the number the command returns, 1 after a failure, 130 when interrupted."""
    try:
        sys.exit(command() or 0)
    except Stopped as stopped:
        report(stopped)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read has seen enough (`| head`); the interpreter must not try to flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        line("\nInterrupted.")
        sys.exit(130)
