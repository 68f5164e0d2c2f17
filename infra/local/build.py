"""Builds what a local system runs: the functions, and the simulators. Starts nothing."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import machine
import progress
import tools
from local_aws import REGION
from progress import Stopped
from tools import ROOT

FUNCTIONS = ("receiver", "worker", "poller")
# As for the cloud but for optimisation across crates, which takes most of the time of a build and changes nothing that a function does.
# `make build`, `make bench` and `make size` have it.
WITHOUT_LINK_TIME_OPTIMISATION = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}
CORRECT_THE_CODE = "correct what the compiler says, then repeat the command"


def build(state: Path) -> None:
    """Builds all of it; logs and the package for SAM go below `state`."""
    environment = {**tool_environment(), **WITHOUT_LINK_TIME_OPTIMISATION}
    for function in FUNCTIONS:
        with progress.step(f"Build the {function} (the first time takes some minutes)"):
            # What `sam build` would run, but that says nothing until it is done, and hides what the compiler says.
            command = ["cargo", "lambda", "build", "--release", "--locked", "--bin", function]
            run(state / f"build-{function}.log", command, directory=ROOT / "functions" / function,
                environment=environment, do_next=CORRECT_THE_CODE)
    with progress.step("Package the functions"):
        command = ["sam", "build", "--template-file", str(ROOT / "infra" / "template.yaml"),
                   "--build-dir", str(state / "build"), "--parameter-overrides", f"Architecture={machine.architecture()}"]
        run(state / "build.log", command, environment=environment, do_next=CORRECT_THE_CODE)
    with progress.step("Build the simulators"):
        run(state / "build-simulators.log", ["cargo", "build", "--package", "simulators"], do_next=CORRECT_THE_CODE)


def packaged_template(state: Path) -> Path:
    """The template that leads to what was built."""
    return state / "build" / "template.yaml"


def simulators_binary() -> Path:
    """The simulators' program."""
    return debug_programs() / "simulators"


def debug_programs() -> Path:
    """Where cargo puts programs that are built for this machine, not for the cloud."""
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    answer = subprocess.run(command, cwd=ROOT, env=tool_environment(), capture_output=True, check=True)
    return Path(json.loads(answer.stdout)["target_directory"]) / "debug"


def run(log_path: Path, command: list[str], *, do_next: str, directory: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Runs a tool to its end, showing that it is alive; what it prints goes to the log."""
    with open(log_path, "wb") as log:
        process = subprocess.Popen(command, cwd=directory, env=environment or tool_environment(), stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT)
    started = last_told = time.monotonic()
    while process.poll() is None:
        time.sleep(0.1)
        if time.monotonic() - last_told >= 30:
            last_told = time.monotonic()
            compiled = log_path.read_text(errors="replace").count(" Compiling ")
            progress.line(f"   {last_told - started:.0f} s" + (f", {compiled} packages compiled" if compiled else ""))
    if process.returncode != 0:
        raise Stopped(f"`{' '.join(command[:3])}` failed", do_next=do_next, log=log_path)


def tool_environment() -> dict[str, str]:
    """What tools are run with: those of the checkout are found first."""
    return {**os.environ, "PATH": tools.path_with_tools(), "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}


def local_environment() -> dict[str, str]:
    """The same without this machine's own AWS settings, so that nothing can reach the real AWS by mistake."""
    inherited = {name: value for name, value in tool_environment().items() if not name.startswith("AWS_")}
    return {
        **inherited,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
