//! A Postgres server of one's own: private port, private data, gone with its value.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::Folder;
use crate::StoreConfig;

pub(super) struct Server {
    folder: Folder,
    programs: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Server {
    pub(super) fn start() -> Self {
        let folder = Folder::new();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { programs: programs(), folder, port, child: None };
        // Postgres does not run as root.
        if is_root() {
            let owned = Command::new("chown").arg("nobody:nogroup").arg(server.folder.path()).status();
            assert!(owned.unwrap().success());
        }
        let mut initdb = server.program("initdb");
        initdb.args(["-U", "backstop", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"]).arg(server.data());
        let done = initdb.stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        server.up();
        server
    }

    /// Starts it again after [`down`](Self::down).
    pub(super) fn up(&mut self) {
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k"]);
        postgres.arg(self.folder.path()).args(["-c", "fsync=off", "-c", "max_connections=20"]);
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        self.child = Some(postgres.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        for _ in 0..600 {
            let mut ready = self.program("pg_isready");
            let ready = ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).status();
            if ready.unwrap().success() {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("Postgres does not start:\n{log}");
    }

    /// Stops it at once, as a crash would.
    pub(super) fn down(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let pid = child.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &pid]).status();
        let _ = child.wait();
    }

    pub(super) fn store(&self) -> StoreConfig {
        StoreConfig::postgres(format!("postgres://backstop@127.0.0.1:{}/postgres", self.port))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
    }
}

/// Where Debian puts the programs of the newest Postgres.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file()).max();
    let in_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    };
    newest
        .or_else(in_path)
        .expect("Postgres is not installed; `cargo xtask test` installs it and runs this test")
}

fn is_root() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|me| {
        use std::os::unix::fs::MetadataExt as _;
        me.uid() == 0
    })
}
