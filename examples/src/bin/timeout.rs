//! Timeout alone, over a plain hyper client: a server that does not answer in time is a failure that says so.

use std::{env, time::Duration};

use backstop_core::{BoxError, Failure, classify::PlainHttp};
use backstop_timeout::{FirstByteTimeoutLayer, SilentTimeoutLayer, Timeouts};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{ServiceBuilder, ServiceExt};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "what a program has to say")]
async fn main() -> Result<(), BoxError> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or("usage: timeout URL [MILLISECONDS]")?;
    let limit = arguments.next().map_or(Ok(1000), |limit| limit.parse()).map(Duration::from_millis)?;

    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let timeouts = Timeouts::new().with_first_byte(Some(limit)).with_silent(Some(limit));
    let service = ServiceBuilder::new()
        .layer(SilentTimeoutLayer::new(timeouts).with_classifier(PlainHttp::new()))
        .layer(FirstByteTimeoutLayer::new(timeouts).with_classifier(PlainHttp::new()))
        .service(client.map_err(BoxError::from));

    let failure = match service.oneshot(Request::get(&url).body(Empty::new())?).await {
        Ok(response) => {
            println!("{}", response.status());
            // The clock of silence runs on in the body.
            response.into_body().collect().await.err().map(Failure::from_error)
        }
        Err(error) => Some(Failure::from_error(error)),
    };
    if let Some(failure) = failure {
        println!("{}: {failure}", failure.kind());
    }
    Ok(())
}
