//! One layer alone, over a plain hyper client: calls a URL again and again, until the breaker leaves it alone.

use std::env;

use backstop_breaker::{BreakerConfig, BreakerLayer};
use backstop_core::{BoxError, Failure, classify::PlainHttp};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Layer, ServiceExt};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "what a program has to say")]
async fn main() -> Result<(), BoxError> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or("usage: breaker URL [CALLS]")?;
    let calls: u32 = arguments.next().map_or(Ok(10), |calls| calls.parse())?;

    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let breaker = BreakerLayer::new(BreakerConfig::new().with_consecutive(3)).with_name(&*url);
    let service = breaker.with_classifier(PlainHttp::new()).layer(client.map_err(BoxError::from));

    for _ in 0..calls {
        match service.clone().oneshot(Request::get(&url).body(Empty::new())?).await {
            Ok(response) => {
                println!("{}", response.status());
                // Read to its end: only then has the call succeeded.
                response.into_body().collect().await?;
            }
            Err(error) => println!("{}", Failure::from_error(error)),
        }
    }
    Ok(())
}
