//! The real binary as a process of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use http::StatusCode;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
    time::{Instant, sleep},
};

use crate::client::Client;

/// A gateway that runs until it is dropped.
pub(crate) struct Gateway {
    pub(crate) callers: Client,
    pub(crate) admin: Client,
    child: Child,
    folder: Folder,
    _stdout: BufReader<ChildStdout>,
}

/// A folder that is removed with this value.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("backstop-operations-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Gateway {
    /// Serves `yaml`, with a `server` of the test's own.
    pub(crate) async fn start(yaml: &str, arguments: &[&str]) -> Self {
        let folder = Folder::new();
        write(&folder.0.join("backstop.yaml"), yaml);
        Self::start_in(folder, arguments).await
    }

    /// Serves `backstop.yaml` in `folder`.
    pub(crate) async fn start_in(folder: Folder, arguments: &[&str]) -> Self {
        let log = fs::File::create(folder.0.join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_backstop"))
            .args(["serve", "--config"])
            .arg(folder.0.join("backstop.yaml"))
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut clients = Vec::new();
        for what in ["backstop listens on http://", "backstop's admin listens on http://"] {
            let mut line = String::new();
            stdout.read_line(&mut line).await.unwrap();
            let Some(address) = line.trim().strip_prefix(what) else {
                panic!("{line}{}", fs::read_to_string(folder.0.join("log")).unwrap_or_default());
            };
            clients.push(Client::new(address));
        }
        let admin = clients.pop().unwrap();
        Self { callers: clients.pop().unwrap(), admin, child, folder, _stdout: stdout }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Puts `yaml` in the place of the configuration, as an editor does: all at once.
    pub(crate) fn rewrite(&self, yaml: &str) {
        let next = self.folder.0.join("next.yaml");
        write(&next, yaml);
        fs::rename(next, self.folder.0.join("backstop.yaml")).unwrap();
    }

    /// Writes `yaml`, asks for a reload, and waits until it is done. Needs `--no-watch`.
    pub(crate) async fn reload(&self, yaml: &str) {
        let before = self.reloads().await;
        self.rewrite(yaml);
        self.hang_up().await;
        until("the reload is done", async || self.reloads().await > before).await;
    }

    pub(crate) async fn hang_up(&self) {
        let process = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-HUP", &process]).status().await.unwrap().success());
    }

    /// The reloads so far, whatever became of them.
    pub(crate) async fn reloads(&self) -> usize {
        let page = self.metrics().await;
        let counts = page.lines().filter(|line| line.starts_with("backstop_config_reload_total"));
        counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap()).sum()
    }

    pub(crate) async fn metrics(&self) -> String {
        let (status, page) = self.admin.get("/metrics").await;
        assert_eq!(status, StatusCode::OK);
        page
    }

    /// The value of one series; 0 where there is none.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        value(&self.metrics().await, series)
    }

    pub(crate) async fn state(&self) -> Value {
        serde_json::from_str(&self.admin.get("/state").await.1).unwrap()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.0.join("log")).unwrap()
    }

    /// Its open file descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id().unwrap())).unwrap().count()
    }

    /// A figure of the kernel's `status` of it, such as `VmRSS:` in KiB.
    pub(crate) fn status(&self, of: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(of)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

/// The value of one series on a page; 0 where there is none.
pub(crate) fn value(page: &str, series: &str) -> f64 {
    let mut lines = page.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    lines.next().map_or(0.0, |value| value.parse().unwrap())
}

/// Waits until something holds: for what a process does in its own time.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < end, "in 20 s it did not come to pass that {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

fn write(file: &Path, yaml: &str) {
    fs::write(file, with_server(yaml)).unwrap();
}

/// `yaml` with a `server` of the test's own, where it has none.
pub(crate) fn with_server(yaml: &str) -> String {
    let server = "server: { listen: \"127.0.0.1:0\", admin: \"127.0.0.1:0\" }\n";
    let server = if yaml.contains("server:") { "" } else { server };
    format!("{server}{yaml}")
}
