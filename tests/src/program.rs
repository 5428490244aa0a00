//! The real binary, run as an operator runs it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::process::Command;

/// What a command that has ended said.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// `backstop` as this workspace built it, with an empty environment.
///
/// The gateway's `main` is built as `backstop-under-test` as well, because Cargo builds the binaries of a test's own
/// package before the test, and no others. The environment variable `BACKSTOP_BIN` names another one, such as a release
/// build.
///
/// # Panics
///
/// Where it was not built.
#[must_use]
pub fn backstop() -> Command {
    let mut command = Command::new(path());
    // The name that users know it by, whatever the file is called.
    command.arg0("backstop").env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs `backstop` with `arguments` and `variables` until it ends by itself.
///
/// # Panics
///
/// Where it cannot be run, or runs on for more than 30 s.
pub async fn run(arguments: &[impl AsRef<OsStr>], variables: &[(&str, &str)]) -> Ended {
    let running = backstop().args(arguments).envs(variables.iter().copied()).output();
    let output = tokio::time::timeout(Duration::from_secs(30), running).await.expect("ends within 30 s");
    let output = output.expect("the binary runs");
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        err: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

/// A folder that is removed with this value.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new, empty folder.
    ///
    /// # Panics
    ///
    /// Where the system's folder for temporary files takes none.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it makes a folder, which no default should")]
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("backstop-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        Self(folder)
    }

    /// Writes the file `name` and gives its path.
    ///
    /// # Panics
    ///
    /// Where it cannot be written.
    #[must_use]
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, text).expect("a file");
        file
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Test binaries are in `<profile>/deps`, programs one above.
fn path() -> PathBuf {
    if let Some(binary) = std::env::var_os("BACKSTOP_BIN") {
        return binary.into();
    }
    let test = std::env::current_exe().expect("this test's own path");
    let profile = test.parent().and_then(Path::parent).expect("a test is two folders deep");
    let binary = profile.join(format!("backstop-under-test{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "{} is missing", binary.display());
    binary
}
