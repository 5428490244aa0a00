//! The yardstick of the speed figures: a bare proxy of hyper's own parts that does nothing but pass bytes on.

use std::env;

use http::{Request, Response, Uri, uri::PathAndQuery};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9301".to_owned());
    let upstream = arguments.next().unwrap_or_else(|| "127.0.0.1:9300".to_owned());
    let listener = TcpListener::bind(address).await?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, upstream) = (client.clone(), upstream.clone());
        let handle = service_fn(move |request| pass(client.clone(), upstream.clone(), request));
        #[expect(clippy::disallowed_methods, reason = "one task a connection, which ends with it")]
        tokio::spawn(async move {
            // A peer that hangs up between two passes of the measurement is no news.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), handle).await;
        });
    }
}

async fn pass(
    client: Client<HttpConnector, Incoming>,
    upstream: String,
    mut request: Request<Incoming>,
) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
    let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    *request.uri_mut() = Uri::builder().scheme("http").authority(upstream).path_and_query(path).build()?;
    request.headers_mut().remove(http::header::HOST);
    Ok(client.request(request).await?)
}
