//! nginx, from the distribution's package.

use std::{path::Path, process::Command};

/// Installs nginx where it is missing, and writes its configuration. Gives the file.
pub(crate) fn prepare(directory: &Path, address: &str, upstream: &str) -> Result<std::path::PathBuf, String> {
    if Command::new("nginx").arg("-v").output().is_err() {
        let installed = Command::new("apt-get").args(["install", "-y", "-qq", "--no-install-recommends", "nginx-light"]).output();
        match installed {
            Ok(output) if output.status.success() => {}
            _ => return Err("nginx is not installed and cannot be: run `apt-get install nginx-light` as root".to_owned()),
        }
    }
    let folder = directory.display();
    let configuration = format!(
        "daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 2m;
    client_max_body_size 32m;
    keepalive_requests 1000000;
    upstream fixed {{ server {upstream}; keepalive 128; keepalive_requests 1000000; }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://fixed;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_buffering off;
            tcp_nodelay on;
        }}
    }}
}}
"
    );
    let file = directory.join("nginx.conf");
    std::fs::write(&file, configuration).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    Ok(file)
}
