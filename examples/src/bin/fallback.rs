//! Fallback alone, over a plain hyper client: the first of several URLs that answers.

use std::env;

use backstop_core::{BoxError, Failure, Target, classify::PlainHttp};
use backstop_fallback::{Candidate, Fallback, FallbackConfig};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::ServiceExt;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "what a program has to say")]
async fn main() -> Result<(), BoxError> {
    let urls = env::args().skip(1).map(|url| url.parse()).collect::<Result<Vec<Uri>, _>>()?;

    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let candidates = urls.into_iter().map(|url| {
        let name = Target::new(url.to_string(), "any");
        let service = client.clone().map_err(BoxError::from).map_request(move |request: Request<_>| {
            let (mut head, body) = request.into_parts();
            head.uri = url.clone();
            Request::from_parts(head, body)
        });
        Candidate::new(service, name)
    });
    let chain =
        Fallback::with(candidates.collect::<Vec<_>>(), FallbackConfig::default(), PlainHttp::new(), ())?;

    match chain.oneshot(Request::new(Full::default())).await {
        Ok(response) => {
            let (head, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            println!("{}: {}", head.status, String::from_utf8_lossy(&body));
        }
        Err(error) => println!("{}", Failure::from_error(error)),
    }
    Ok(())
}
