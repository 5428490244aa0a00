//! The callers of the speed figures: a closed loop of connections, each with one request at a time.
//!
//! `bench-load ADDRESS CONNECTIONS REQUESTS PROMPT_BYTES whole|stream` prints one line:
//! `requests=… seconds=… p50_us=… p99_us=…`. A response that is no 200, or shorter than the whole answer, ends it with
//! an error.

use std::{env, process::ExitCode, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::Instant};

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(line) => {
            #[expect(clippy::print_stdout, reason = "the figures are this program's output")]
            {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the reason is this program's output")]
            {
                eprintln!("bench-load: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<String, Failed> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, connections, requests, prompt, kind] = arguments.as_slice() else {
        return Err("usage: bench-load ADDRESS CONNECTIONS REQUESTS PROMPT_BYTES whole|stream".into());
    };
    let (connections, requests): (usize, usize) = (connections.parse()?, requests.parse()?);
    let streamed = kind == "stream";
    let body = body(prompt.parse()?, streamed);
    let each = requests / connections;
    let started = Instant::now();
    let mut callers = Vec::new();
    for _ in 0..connections {
        let (address, body) = (Arc::<str>::from(address.as_str()), body.clone());
        #[expect(clippy::disallowed_methods, reason = "one task a caller, all awaited below")]
        callers.push(tokio::spawn(async move { call(&address, &body, each, streamed).await }));
    }
    let mut latencies = Vec::with_capacity(requests);
    for caller in callers {
        latencies.extend(caller.await??);
    }
    let seconds = Instant::now().duration_since(started).as_secs_f64();
    latencies.sort_unstable();
    let quantile = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_micros();
    Ok(format!(
        "requests={} seconds={seconds:.3} p50_us={} p99_us={}",
        latencies.len(),
        quantile(0.5),
        quantile(0.99)
    ))
}

async fn call(address: &str, body: &Bytes, requests: usize, streamed: bool) -> Result<Vec<Duration>, Failed> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    #[expect(clippy::disallowed_methods, reason = "drives the connection and ends with it")]
    tokio::spawn(connection);
    let mut latencies = Vec::with_capacity(requests);
    for _ in 0..requests {
        let request = Request::post("/v1/chat/completions")
            .header(header::HOST, address)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body.clone()))?;
        let started = Instant::now();
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        latencies.push(Instant::now().duration_since(started));
        let whole = if streamed { answer.ends_with(b"data: [DONE]\n\n") } else { answer.ends_with(b"}") };
        if status != StatusCode::OK || !whole {
            return Err(
                format!("{status}, {} bytes: {}", answer.len(), String::from_utf8_lossy(&answer)).into()
            );
        }
    }
    Ok(latencies)
}

fn body(prompt: usize, streamed: bool) -> Bytes {
    let words = "lorem ipsum ".repeat(prompt / 12 + 1);
    let prompt = &words[..prompt];
    Bytes::from(format!(
        r#"{{"model":"bench/gpt-4.1-mini","messages":[{{"role":"user","content":"{prompt}"}}],"stream":{streamed}}}"#
    ))
}
