//! What broke, where, in words.

use std::{error::Error, io};

use backstop_core::{Failure, Kind};
use hyper_util::client::legacy;

use crate::service::Endpoint;

/// A call that ended before its head.
pub(crate) fn of_call(error: &legacy::Error, endpoint: &Endpoint) -> Failure {
    if let Some(failure) = find::<Failure>(error) {
        return failure.clone();
    }
    let (place, cause) = (endpoint.base.place(), cause(error));
    let message = if error.is_connect() {
        format!("no connection to {place}: {cause}")
    } else {
        format!("the call to {place} broke before the answer began: {cause}")
    };
    Failure::new(Kind::Transport, endpoint.keys.redact(&message))
}

/// A body that ended before its end.
pub(crate) fn of_body(error: &(dyn Error + Send + Sync + 'static), endpoint: &Endpoint) -> Failure {
    let place = endpoint.base.place();
    // What is not the connection's fault is the decoder's.
    let (kind, message) = if find::<hyper::Error>(error).is_some() {
        (Kind::Transport, format!("the answer from {place} broke off: {}", cause(error)))
    } else {
        (Kind::Malformed, format!("the answer from {place} is compressed and cannot be decoded: {error}"))
    };
    Failure::new(kind, endpoint.keys.redact(&message))
}

/// The reason at the bottom of `error`, in the words that tell the usual ones apart.
fn cause(error: &(dyn Error + 'static)) -> String {
    let detail = chain(error).last().map(ToString::to_string).unwrap_or_default();
    if let Some(tls) = find::<rustls::Error>(error) {
        return format!("TLS failed: {tls}");
    }
    if chain(error).any(|error| error.to_string() == "dns error") {
        return format!("the name lookup (DNS) failed: {detail}");
    }
    if let Some(io) = find::<io::Error>(error) {
        match io.kind() {
            io::ErrorKind::ConnectionRefused => return "connection refused".to_owned(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                return "connection reset by the peer".to_owned();
            }
            io::ErrorKind::UnexpectedEof => return format!("the peer closed the connection early: {detail}"),
            io::ErrorKind::TimedOut => return "the peer stopped acknowledging (TCP timeout)".to_owned(),
            _ => {}
        }
    }
    match find::<hyper::Error>(error) {
        Some(hyper) if hyper.is_incomplete_message() => {
            format!("the peer closed the connection early: {detail}")
        }
        Some(hyper) if hyper.is_parse() => format!("the peer does not speak HTTP: {hyper}"),
        _ => detail,
    }
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error and its sources. An `io::Error` hides the one that it was made of behind `get_ref`.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
