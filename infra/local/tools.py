"""The tools that the targets of the Makefile need, pinned and installed below .tools/ of the checkout, never globally.

    python3 infra/local/tools.py ensure ministack sam cargo-deny

installs what is missing and is quick when nothing is. What a machine must bring itself: a Rust toolchain, Python 3.10 or
later, make, a C compiler.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import progress
from progress import Stopped

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
# Older ones are refused by the SAM command line.
PYTHON_AT_LEAST = (3, 10)
CARGO_TOOLS = {"cargo-deny": "0.20.2", "cargo-fuzz": "0.13.2", "cargo-mutants": "27.1.0"}
# They run for seconds, or start what runs; optimized, they would take three times as long to build.
CARGO_TOOLS_PROFILE = {"CARGO_PROFILE_RELEASE_OPT_LEVEL": "0", "CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}
PYTHON_TOOLS = ("ministack", "sam", "rivals")
# Where the pins of a Python environment are, if not in infra/local/tools.
PINS = {"rivals": ROOT / "tests" / "benchmark" / "rivals" / "requirements.txt"}


def ensure(*names: str) -> None:
    """Installs those of `ministack`, `sam`, `rivals` and the tools of cargo that are missing or of another version."""
    _check_machine(names)
    missing = [name for name in names if not _is_installed(name)]
    if not missing:
        return
    with progress.step(f"Install {', '.join(missing)} into {TOOLS} (once; about a minute each)"):
        TOOLS.mkdir(exist_ok=True)
        # Side by side: each waits for the network most of the time.
        running = [(name, _start_installing(name)) for name in missing]
        for name, process in running:
            _finish_installing(name, process)


def path_with_tools() -> str:
    """The search path in which `sam`, `cargo lambda` and zig are found before anything the machine has."""
    return os.pathsep.join([str(TOOLS / "sam" / "bin"), str(TOOLS / "cargo-deny" / "bin"), os.environ.get("PATH", "")])


def python_of(environment: str) -> Path:
    """The interpreter of one of the Python environments."""
    return TOOLS / environment / "bin" / "python"


def _check_machine(names: tuple[str, ...]) -> None:
    if sys.version_info < PYTHON_AT_LEAST:
        found = ".".join(map(str, sys.version_info[:2]))
        wanted = ".".join(map(str, PYTHON_AT_LEAST))
        raise Stopped(f"Python {found} is too old", do_next=f"install Python {wanted} or later, then: make PYTHON=python{wanted} ...")
    programs = [("cargo", "install Rust (rustup)"), ("cc", "install a C compiler (package build-essential or gcc)")]
    if "cargo-fuzz" in names:
        programs.append(("c++", "install a C++ compiler, which libFuzzer is built with (package build-essential or g++)"))
    for program, remedy in programs:
        if not shutil.which(program):
            raise Stopped(f"no `{program}` on this machine", do_next=remedy)


def _fingerprint(name: str) -> str:
    """What an installation depends on; another one means to install anew."""
    if name in CARGO_TOOLS:
        return CARGO_TOOLS[name]
    return f"{sys.version_info[:2]} {TOOLS} {hashlib.sha256(_pins(name).read_bytes()).hexdigest()}"


def _pins(name: str) -> Path:
    return PINS.get(name, ROOT / "infra" / "local" / "tools" / f"{name}.txt")


def _stamp(name: str) -> Path:
    return TOOLS / name / ".installed"


def _is_installed(name: str) -> bool:
    return _stamp(name).exists() and _stamp(name).read_text() == _fingerprint(name)


def _log(name: str) -> Path:
    return TOOLS / f"{name}.install.log"


def _start_installing(name: str) -> subprocess.Popen:
    # What an interrupted attempt or another version left cannot be trusted.
    shutil.rmtree(TOOLS / name, ignore_errors=True)
    command = _install_cargo_tool(name) if name in CARGO_TOOLS else _install_python_tools(name)
    with open(_log(name), "wb") as log:
        environment = {**os.environ, **(CARGO_TOOLS_PROFILE if name in CARGO_TOOLS else {})}
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, shell=True)


def _install_python_tools(name: str) -> str:
    make_environment = [sys.executable, "-m", "venv", str(TOOLS / name)]
    fill_it = [str(python_of(name)), "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color", "install", "--progress-bar", "off",
               # A file that the pins do not know by its hash is refused, and a package that they do not name is not looked for.
               "--require-hashes", "--no-deps"]
    return f"{shlex.join(make_environment)} && {shlex.join([*fill_it, '--requirement', str(_pins(name))])}"


def _install_cargo_tool(name: str) -> str:
    return shlex.join(["cargo", "install", "--locked", "--root", str(TOOLS / name), f"{name}@{CARGO_TOOLS[name]}"])


def _finish_installing(name: str, process: subprocess.Popen) -> None:
    status = process.wait()
    if status != 0:
        # A registry or a network hiccups now and then; a second time it is no accident.
        progress.line(f"   {name}: the installation ended with status {status}; once more")
        status = _start_installing(name).wait()
    if status != 0:
        raise Stopped(
            f"{name} could not be installed (status {status})",
            do_next="see the log (no network? no venv module, package python3-venv?), then repeat the command",
            log=_log(name),
        )
    _stamp(name).write_text(_fingerprint(name))


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] != "ensure" or not set(sys.argv[2:]) <= {*PYTHON_TOOLS, *CARGO_TOOLS}:
        sys.exit(__doc__)
    progress.run(lambda: ensure(*sys.argv[2:]))
