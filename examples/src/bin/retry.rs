//! Retry alone, over a plain hyper client: calls a URL, once more where that makes sense.

use std::env;

use backstop_core::{BoxError, Failure, classify::PlainHttp};
use backstop_retry::{RetryConfig, RetryLayer};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Layer, ServiceExt};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "what a program has to say")]
async fn main() -> Result<(), BoxError> {
    let url = env::args().nth(1).ok_or("usage: retry URL")?;

    // Requests are cloned, so their body must be whole.
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let retry = RetryLayer::new(RetryConfig::new().with_retries(1)).with_classifier(PlainHttp::new());
    let service = retry.layer(client.map_err(BoxError::from));

    match service.oneshot(Request::get(&url).body(Full::default())?).await {
        Ok(response) => {
            println!("{}", response.status());
            response.into_body().collect().await?;
        }
        Err(error) => println!("{}", Failure::from_error(error)),
    }
    Ok(())
}
