//! The functions' processes: found, measured and killed. Only those of this local system, which bear its marker.

use std::fs;
use std::process::{Command, Stdio};

use crate::local_aws::system;

/// What `infra/local/processes.py` puts into the environment of everything that belongs to a system; the value names its state.
const MARKER: &str = "SESSION_BRIDGE_LOCAL_SYSTEM";

/// The processes of the local system that run this function, `worker` or `receiver`.
pub(crate) fn of_function(function: &str) -> Vec<u32> {
    let marker = format!("{MARKER}={}", system().state.display());
    let function = format!("AWS_LAMBDA_FUNCTION_NAME={}", system().functions[function]);
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|pid: &u32| {
        // A process that has ended meanwhile has no environment.
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let has = |wanted: &str| environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes());
        has(&marker) && has(&function)
    })
    .collect()
}

/// Ends a process as the kernel does when memory runs out: at once, without its knowledge.
pub(crate) fn kill(pid: u32) {
    signal(pid, "KILL");
}

fn signal(pid: u32, name: &str) {
    // It may just have ended, which is no mistake.
    let _ = Command::new("kill").args([format!("-{name}"), pid.to_string()]).stderr(Stdio::null()).status();
}

/// Freezes a process amid whatever it does.
pub(crate) fn freeze(pid: u32) {
    signal(pid, "STOP");
}

/// Lets a frozen process go on as if nothing had happened.
pub(crate) fn thaw(pid: u32) {
    signal(pid, "CONT");
}

/// The most memory that a process has had resident, in KiB; 0 when it has ended.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
