//! A process that is measured: started with nothing but the variables it is given, its CPU and memory read from `/proc`, ended
//! with its value. Only for Linux, as Lambda is.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Error;

/// What to start.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: PathBuf,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Where its output goes; each start empties it.
    pub(crate) log: PathBuf,
}

impl Program {
    /// The program without arguments and variables, its output in `<logs>/<file name>.log`.
    pub(crate) fn new(path: PathBuf, logs: &Path) -> Self {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or("program");
        let log = logs.join(format!("{name}.log"));
        Self { path, arguments: Vec::new(), directory: logs.to_owned(), variables: Vec::new(), log }
    }
}

/// A running program; killed when dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    /// The moment before it was started.
    pub(crate) started: Instant,
}

impl Process {
    /// Starts it, with these variables besides its own.
    ///
    /// # Errors
    /// If it cannot be started; that it ends at once shows later.
    pub(crate) fn start(program: &Program, variables: &[(&str, String)]) -> Result<Self, Error> {
        let log = File::create(&program.log)?;
        let mut command = Command::new(&program.path);
        command.args(&program.arguments).current_dir(&program.directory).env_clear();
        command.envs(program.variables.iter().chain(variables).map(|(name, value)| (name, value.as_str())));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let child = command.spawn().map_err(|error| format!("{}: {error}", program.path.display()))?;
        Ok(Self { child, log: program.log.clone(), started })
    }

    /// The CPU that all its threads have used so far, user and system. Threads that have ended are not counted; the programs
    /// here keep theirs.
    ///
    /// # Errors
    /// If the process has ended.
    pub(crate) fn cpu(&self) -> Result<Duration, Error> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end between the two looks.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            let run = text.split(' ').next().unwrap_or_default();
            nanoseconds += run.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The most memory that it has had resident, in KiB.
    ///
    /// # Errors
    /// If the process has ended.
    pub(crate) fn peak_memory(&self) -> Result<u64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("a process without memory: it has ended")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Fails if it has ended, and says where to look.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn must_run(&mut self) -> Result<(), Error> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("the program has ended with {status}; see {}", self.log.display()).into()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
