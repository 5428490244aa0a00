//! A hand on a simulated provider for tests that are written in another language: a few calls over HTTP.
//!
//! - `POST /reset`: the provider is healthy and has seen nothing.
//! - `POST /play` with `{model, steps, always}`: a script for a model, each step in the simulator's words.
//! - `GET /seen`: every request since the reset, and what it was told.
//! - `GET /cancelled`: how many of them the caller left, as soon as there is one.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use backstop_simulator::{Behaviour, Dialect, Recorded, Script, Simulator};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

/// A listening hand. Dropping it ends it.
#[derive(Debug)]
pub struct Control {
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Hand {
    simulator: Simulator,
    /// How many requests had been seen at the reset.
    before: Mutex<usize>,
}

impl Control {
    /// Listens on a free port for orders to `simulator`.
    ///
    /// # Panics
    ///
    /// Where no port is free.
    pub async fn start(simulator: Simulator) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let hand = Arc::new(Hand { simulator, before: Mutex::new(0) });
        #[expect(clippy::disallowed_methods, reason = "ends with the value that is returned")]
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let hand = Arc::clone(&hand);
                let service = service_fn(move |request| {
                    let hand = Arc::clone(&hand);
                    async move { Ok::<_, Infallible>(hand.answer(request).await) }
                });
                #[expect(clippy::disallowed_methods, reason = "one task a connection, which ends with it")]
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, task }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hand {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let bytes = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let order: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let (status, said) = match path.as_str() {
            "/reset" => (StatusCode::OK, self.reset()),
            "/play" => match self.play(&order) {
                Ok(()) => (StatusCode::OK, json!({})),
                Err(problem) => (StatusCode::BAD_REQUEST, json!({"error": problem})),
            },
            "/seen" => (StatusCode::OK, self.since_reset().iter().map(told).collect()),
            "/cancelled" => (StatusCode::OK, json!({"cancelled": self.cancelled().await})),
            _ => (StatusCode::NOT_FOUND, json!({"error": "no such order"})),
        };
        let mut response = Response::new(Full::new(Bytes::from(said.to_string())));
        *response.status_mut() = status;
        response
    }

    fn reset(&self) -> Value {
        self.simulator.calm();
        *self.before.lock() = self.simulator.requests().len();
        json!({})
    }

    fn play(&self, order: &Value) -> Result<(), String> {
        let model = order["model"].as_str().ok_or("no model")?;
        let behaviour = |word: &Value| {
            let word = word.as_str().ok_or("a step is a string")?;
            word.parse::<Behaviour>().map_err(|error| error.to_string())
        };
        let steps = order["steps"].as_array().into_iter().flatten().map(behaviour);
        let mut script = Script::new(steps.collect::<Result<Vec<_>, String>>()?);
        if !order["always"].is_null() {
            script = script.then_always(behaviour(&order["always"])?);
        }
        self.simulator.script(model, script);
        Ok(())
    }

    fn since_reset(&self) -> Vec<Recorded> {
        self.simulator.requests().split_off(*self.before.lock())
    }

    async fn cancelled(&self) -> usize {
        let before = *self.before.lock();
        let of =
            |records: &[Recorded]| records.iter().skip(before).filter(|record| record.is_cancelled()).count();
        // In vain: then there is none, which is what is told.
        let _ = timeout(PATIENCE, self.simulator.wait_until(|records| of(records) > 0)).await;
        of(&self.simulator.requests())
    }
}

/// A request that came in, and what became of it.
fn told(record: &Recorded) -> Value {
    let headers = record.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
    });
    let usage = record.told.map(|usage| {
        json!({
            "input": usage.input,
            "output": usage.output,
            "reasoning": usage.reasoning,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write,
        })
    });
    json!({
        "dialect": match record.dialect {
            Dialect::AnthropicMessages => "anthropic",
            Dialect::GeminiGenerate => "gemini",
            _ => "openai",
        },
        "model": record.model,
        "streamed": record.streamed,
        "path": record.uri.path(),
        "headers": headers.collect::<serde_json::Map<String, Value>>(),
        "key": record.key,
        "body": record.json(),
        "status": record.status.map(|status| status.as_u16()),
        "refused_by": record.refused_by,
        "told": usage,
    })
}

/// A gateway must let go of a call within a second of its caller's leaving; a little more for the machine.
const PATIENCE: Duration = Duration::from_secs(3);
