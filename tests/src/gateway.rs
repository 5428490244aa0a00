//! The real binary as a server: a process of its own, with a configuration of its own.

use std::{
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines},
    process::{Child, Command},
    task::JoinHandle,
};

use crate::program::{self, Folder};

/// A gateway that runs until this value is dropped, or ends when told.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    address: String,
    admin: Option<String>,
    out: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    log_reader: JoinHandle<()>,
    _folder: Folder,
}

impl Gateway {
    /// Serves `chains`, which is YAML without a `server`, on a port that the system chooses.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub async fn start(chains: &str) -> Self {
        Self::start_with("{ listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\" }", chains, &[]).await
    }

    /// Serves `chains` with the given `server` section and environment.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub async fn start_with(server: &str, chains: &str, variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let file = folder.file("backstop.yaml", format!("server: {server}\n{chains}"));
        let mut command = program::backstop();
        command.arg("serve").arg("--config").arg(file).envs(variables.iter().copied());
        Self::spawn(command, folder).await
    }

    /// Runs `command`, which must be a `serve` or a `demo`.
    ///
    /// # Panics
    ///
    /// Where it does not start to listen within 20 s.
    pub async fn spawn(mut command: Command, folder: Folder) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().expect("standard error is piped"));
        let log_reader = read(stderr.lines(), Arc::clone(&log));
        let mut out = BufReader::new(child.stdout.take().expect("standard output is piped")).lines();
        let mut listening = async |what: &str| loop {
            match out.next_line().await.expect("UTF-8") {
                Some(line) => {
                    if let Some(address) = line.strip_prefix(what) {
                        break address.to_owned();
                    }
                }
                None => panic!("the gateway does not start:\n{}", log.lock()),
            }
        };
        let started = async {
            let address = listening("backstop listens on http://").await;
            let wants_admin = folder.path().join("backstop.yaml");
            let wants_admin = std::fs::read_to_string(wants_admin).is_ok_and(|yaml| yaml.contains("admin:"));
            let admin = match wants_admin {
                true => Some(listening("backstop's admin listens on http://").await),
                false => None,
            };
            (address, admin)
        };
        let (address, admin) =
            tokio::time::timeout(Duration::from_secs(20), started).await.expect("starts within 20 s");
        // What it says later must not fill the pipe.
        let said = Arc::new(Mutex::new(String::new()));
        read(out, Arc::clone(&said));
        Self { child, address, admin, out: said, log, log_reader, _folder: folder }
    }

    /// `host:port` for callers.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `host:port` for operators.
    ///
    /// # Panics
    ///
    /// Where the configuration has no `admin`.
    #[must_use]
    pub fn admin(&self) -> &str {
        self.admin.as_deref().expect("an `admin` in the configuration")
    }

    /// All that it has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().clone()
    }

    /// Waits until it says `text` on standard output, after where it listens.
    ///
    /// # Panics
    ///
    /// Where it does not within 60 s.
    pub async fn said(&self, text: &str) {
        for _ in 0..6000 {
            if self.out.lock().contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not say `{text}`:\n{}{}", self.out.lock(), self.log());
    }

    /// Waits until it logs `text`.
    ///
    /// # Panics
    ///
    /// Where it does not within 10 s.
    pub async fn logged(&self, text: &str) {
        for _ in 0..1000 {
            if self.log.lock().contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not log `{text}`:\n{}", self.log());
    }

    /// The log line of the request `id`, which comes when the request has ended.
    ///
    /// # Panics
    ///
    /// Where none comes within 5 s.
    pub async fn log_line(&self, id: &str) -> Value {
        for _ in 0..500 {
            for line in self.log().lines() {
                let line: Value = serde_json::from_str(line).unwrap_or_default();
                if line["request_id"] == id && line["target"] == "backstop::request" {
                    return line;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no log line for request {id}:\n{}", self.log());
    }

    /// The memory that it holds now, in bytes (`VmRSS`).
    ///
    /// # Panics
    ///
    /// Where the process has ended, or the system has no `/proc`.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let id = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a Linux system");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a resident set");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kB");
        kibibytes << 10
    }

    /// Whether the process still runs.
    ///
    /// # Panics
    ///
    /// Where the system cannot tell.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the system knows").is_none()
    }

    /// Sends a signal by its name, such as `TERM`.
    ///
    /// # Panics
    ///
    /// Where the process has ended already.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid).status().await;
        assert!(sent.expect("`kill` runs").success());
    }

    /// Waits for the process to end by itself. Gives its status and all that it logged.
    ///
    /// # Panics
    ///
    /// Where it does not within 20 s.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let ended = tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await;
        let status = ended.expect("ends within 20 s").expect("a child");
        self.log_reader.await.expect("reads to the end");
        let log = self.log.lock().clone();
        (status, log)
    }
}

fn read(
    mut lines: Lines<BufReader<impl AsyncRead + Unpin + Send + 'static>>,
    log: Arc<Mutex<String>>,
) -> JoinHandle<()> {
    #[expect(clippy::disallowed_methods, reason = "reads until the process ends")]
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let mut log = log.lock();
            log.push_str(&line);
            log.push('\n');
        }
    })
}
