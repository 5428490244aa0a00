//! Cooldowns alone, over a plain hyper client: who says 429 is left alone for as long as it says.

use std::env;

use backstop_breaker::cooldown::{CooldownConfig, CooldownLayer, CooldownTarget, Cooldowns};
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
    let url = arguments.next().ok_or("usage: cooldown URL [CALLS]")?;
    let calls: u32 = arguments.next().map_or(Ok(3), |calls| calls.parse())?;

    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    // One registry for all that use the same key; a plain client has one key at most.
    let cooldowns = Cooldowns::new(CooldownConfig::new());
    let layer = CooldownLayer::new(cooldowns, CooldownTarget::new(&*url, "any", 1));
    let service = layer.with_classifier(PlainHttp::new()).layer(client.map_err(BoxError::from));

    for _ in 0..calls {
        match service.clone().oneshot(Request::get(&url).body(Empty::new())?).await {
            Ok(response) => {
                println!("{}", response.status());
                response.into_body().collect().await?;
            }
            Err(error) => println!("{}", Failure::from_error(error)),
        }
    }
    Ok(())
}
