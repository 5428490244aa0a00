//! What the example programs share. The programs themselves are in `src/bin`, each whole in one file, and tested over
//! sockets in `tests/programs`.

use std::{env, error::Error};

use axum::Router;
use tokio::net::TcpListener;

/// Serves `app` at the address in `LISTEN`, by default `127.0.0.1:8080`, and says where.
///
/// # Errors
///
/// The address cannot be had.
#[expect(clippy::print_stdout, reason = "whoever starts an example wants to know where it listens")]
pub async fn serve(app: Router) -> Result<(), Box<dyn Error>> {
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
