//! The proxies under test.

use std::path::Path;

use super::{
    nginx,
    process::{Running, TESTED},
};

/// Where the upstream of fixed bytes listens.
pub(crate) const UPSTREAM: &str = "127.0.0.1:9300";
const BARE: &str = "127.0.0.1:9301";
const NGINX: &str = "127.0.0.1:9302";
const BACKSTOP: &str = "127.0.0.1:9303";

/// A proxy that runs.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) name: &'static str,
    pub(crate) address: &'static str,
    pub(crate) process: Running,
}

/// Starts all of them, with the yardstick first.
pub(crate) fn all(binaries: &Path, directory: &Path) -> Result<Vec<Proxy>, String> {
    let nginx_file = nginx::prepare(directory, NGINX, UPSTREAM)?;
    let nginx_arguments = ["-p".into(), directory.into(), "-c".into(), nginx_file.into_os_string()];
    let file = directory.join("backstop.yaml");
    std::fs::write(&file, configuration()).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let backstop_arguments = ["serve".into(), "--config".into(), file.into_os_string()];
    let mut proxies = vec![
        Proxy {
            name: "bare hyper proxy",
            address: BARE,
            process: Running::start("bare proxy", binaries.join("bench-proxy"), &[BARE, UPSTREAM], TESTED)?,
        },
        Proxy { name: "nginx", address: NGINX, process: Running::start("nginx", "nginx".into(), &nginx_arguments, TESTED)? },
        Proxy {
            name: "backstop",
            address: BACKSTOP,
            process: Running::start("backstop", binaries.join("backstop"), &backstop_arguments, TESTED)?,
        },
    ];
    for proxy in &mut proxies {
        proxy.process.wait_for(proxy.address)?;
    }
    Ok(proxies)
}

// The default stack, whole: every layer is there, nothing is tuned for the measurement.
fn configuration() -> String {
    format!(
        "server: {{ listen: \"{BACKSTOP}\" }}
providers:
  bench: {{ dialect: openai-chat, base_url: \"http://{UPSTREAM}/v1\", api_key: bench-key }}
  other: {{ dialect: openai-chat, base_url: \"http://{UPSTREAM}/v1\", api_key: bench-key }}
chains:
  bench/gpt-4.1-mini:
    targets: [bench/gpt-4.1-mini, other/gpt-4.1-mini]
"
    )
}
