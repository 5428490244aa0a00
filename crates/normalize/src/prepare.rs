//! What goes up to the provider.

use backstop_core::{Call, Dialect, Edit, Failure, Kind, Payload, Text};
use backstop_dialect::{Encoded, Loss, Severity, Splice, apply, encode_request, splice};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};

use crate::{NormalizeConfig, Unsupported, policy};

/// The request for the provider, and what it could not express.
pub(crate) fn prepare(
    config: &NormalizeConfig,
    call: &Call,
) -> Result<(Request<Payload>, Vec<Loss>), Failure> {
    let Encoded { body, losses } = encode(config, call)?;
    if config.unsupported == Unsupported::Refuse {
        refuse(&losses)?;
    }
    let payload = Payload::new(body).with_credential(call.attempt().credential());
    let mut request = Request::new(payload);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri(config.dialect, call)?;
    *request.headers_mut() = headers(config, call);
    Ok((request, losses))
}

fn encode(config: &NormalizeConfig, call: &Call) -> Result<Encoded, Failure> {
    let (origin, edits) = (call.origin(), call.attempt().edits());
    let peek = origin.peek();
    if origin.dialect() == config.dialect {
        let ask_for_usage = peek.stream && !peek.include_usage;
        let changes = Splice { edits, ask_for_usage, flavour: config.facts.flavour, model_at: peek.model_at };
        return splice(config.dialect, origin.body(), &changes);
    }
    let mut request = origin.request()?.clone();
    if request.model.is_empty() {
        // It stood in the path, and so did whether to stream.
        (request.model, request.stream) = (peek.model.clone(), peek.stream.then_some(true));
    }
    apply(&mut request, edits, config.dialect);
    if peek.stream {
        request.include_usage = Some(true);
    }
    encode_request(config.dialect, &request, &config.facts)
}

fn refuse(losses: &[Loss]) -> Result<(), Failure> {
    let constraints: Vec<_> = losses
        .iter()
        .filter(|loss| loss.severity == Severity::Constraint)
        .map(|loss| format!("`{}` ({})", loss.field, loss.reason))
        .collect();
    if constraints.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Kind::Unsupported, format!("the target cannot express {}", constraints.join(", "))))
}

fn headers(config: &NormalizeConfig, call: &Call) -> HeaderMap {
    let origin = call.origin();
    let mut headers = HeaderMap::new();
    for (name, value) in origin.headers() {
        if policy::goes_up(name, origin.dialect(), config.dialect) {
            headers.append(name, value.clone());
        }
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let accept = if origin.peek().stream { "text/event-stream" } else { "application/json" };
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("backstop/", env!("CARGO_PKG_VERSION"))),
    );
    match config.dialect {
        Dialect::AnthropicMessages => {
            headers.entry(ANTHROPIC_VERSION).or_insert(HeaderValue::from_static("2023-06-01"));
        }
        Dialect::GeminiGenerate => {}
        _ => {
            // Echoed in OpenAI's logs, so that an attempt can be found there.
            if let Ok(id) = HeaderValue::try_from(call.attempt_id().to_string()) {
                headers.entry(X_CLIENT_REQUEST_ID).or_insert(id);
            }
        }
    }
    headers
}

fn uri(dialect: Dialect, call: &Call) -> Result<Uri, Failure> {
    match dialect {
        Dialect::AnthropicMessages => Ok(Uri::from_static("/v1/messages")),
        Dialect::GeminiGenerate => {
            let peek = call.origin().peek();
            let method = if peek.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let path = format!("/v1beta/models/{}:{method}", segment(model_of(call)));
            Uri::try_from(path).map_err(|_| {
                Failure::new(
                    Kind::ModelNotFound,
                    "the model's name cannot stand in a path: check its spelling",
                )
            })
        }
        _ => Ok(Uri::from_static("/v1/chat/completions")),
    }
}

/// The model that the attempt asks for.
fn model_of(call: &Call) -> &Text {
    let edited = call.attempt().edits().iter().rev().find_map(|edit| match edit {
        Edit::Model(model) => Some(model),
        _ => None,
    });
    edited.unwrap_or_else(|| &call.origin().peek().model)
}

/// A name as a part of a path.
fn segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const X_CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-client-request-id");
