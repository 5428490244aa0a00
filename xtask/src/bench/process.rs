//! Processes under measurement, each on its core, ended by their own handle.

use std::{
    ffi::OsStr,
    fs,
    net::{TcpStream, ToSocketAddrs as _},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// The core of the proxy under test, as `taskset` names it.
pub(crate) const TESTED: &str = "0";
/// The core of upstream and callers.
pub(crate) const REST: &str = "1";

/// A process that ends with this value.
#[derive(Debug)]
pub(crate) struct Running {
    name: &'static str,
    child: Child,
}

/// `program` on `core`, with room for thousands of connections.
pub(crate) fn on_core(core: &str, program: &Path) -> Command {
    let mut command = Command::new("prlimit");
    command.args(["--nofile=16384", "taskset", "-c", core]).arg(program);
    command
}

impl Running {
    /// Starts `program` on `core`.
    pub(crate) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[impl AsRef<OsStr>],
        core: &str,
    ) -> Result<Self, String> {
        let child = on_core(core, program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{name} cannot be started with `prlimit` and `taskset`: {error}"))?;
        Ok(Self { name, child })
    }

    /// Waits until somebody listens on `address`.
    pub(crate) fn wait_for(&mut self, address: &str) -> Result<(), String> {
        let socket = address.to_socket_addrs().ok().and_then(|mut all| all.next());
        let socket = socket.ok_or_else(|| format!("{address} is no address"))?;
        for _ in 0..200 {
            if TcpStream::connect_timeout(&socket, Duration::from_millis(100)).is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("{} ended at once with {status}", self.name));
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "a program's start is waited for; nothing runs on this thread"
            )]
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{} does not listen on {address} after 10 s", self.name))
    }

    /// The CPU time that the process and its children have spent, user and system, in nanoseconds.
    pub(crate) fn cpu_nanoseconds(&self) -> Result<u64, String> {
        let pids = std::iter::once(self.child.id()).chain(children(self.child.id()));
        let mut total = 0;
        for pid in pids {
            let tasks = fs::read_dir(format!("/proc/{pid}/task"))
                .map_err(|error| format!("{} is gone: {error}", self.name))?;
            for task in tasks.flatten() {
                let account = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
                total += account
                    .split_whitespace()
                    .next()
                    .and_then(|first| first.parse::<u64>().ok())
                    .unwrap_or(0);
            }
        }
        Ok(total)
    }

    /// The memory that the process holds, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64, String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .map_err(|error| format!("{} is gone: {error}", self.name))?;
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
        resident.ok_or_else(|| format!("the kernel does not say how much memory {} holds", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Children first: a master such as nginx's leaves its workers behind when it is killed.
        for pid in children(self.child.id()) {
            let _ = Command::new("kill").arg(pid.to_string()).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn children(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}
