//! nginx, from the distribution's package.

use std::path::{Path, PathBuf};

use crate::debian;

/// Installs nginx where it is missing.
///
/// # Errors
///
/// That it cannot be installed from here.
pub(crate) fn install() -> Result<(), String> {
    debian::need("nginx", "-v", &["nginx-light"])
}

/// Writes its configuration. Gives the file.
///
/// # Errors
///
/// That the file cannot be written.
pub(crate) fn configure(directory: &Path, address: &str, upstream: &str) -> Result<PathBuf, String> {
    let folder = directory.display();
    let configuration = format!(
        "daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
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
    super::write(&file, &configuration)?;
    Ok(file)
}
