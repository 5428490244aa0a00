//! The listeners and what is for all requests.

use std::net::SocketAddr;

use http::HeaderName;
use serde_saphyr::Spanned;

use super::Resolver;
use crate::{ServerConfig, document};

impl Resolver<'_> {
    pub(super) fn server_config(&mut self, server: &document::Server) -> ServerConfig {
        let default = ServerConfig::default();
        let mut address = |text: &Option<Spanned<String>>| text.as_ref().and_then(|text| self.address(text));
        let (listen, admin) = (address(&server.listen), address(&server.admin));
        for (address, place) in [(listen, &server.listen), (admin, &server.admin)] {
            if let (Some(address), Some(place)) = (address, place)
                && !address.ip().is_loopback()
                && !server.allow_unauthenticated
            {
                let message = format!(
                    "`{address}` can be reached from other machines, and there are no caller keys yet; listen on 127.0.0.1, or set `allow_unauthenticated: true` if something in front of Backstop checks callers"
                );
                self.error(place.referenced, message);
            }
        }
        let mut forward_headers = Vec::new();
        for header in &server.forward_headers {
            let name = header.value.to_ascii_lowercase();
            if SECRET_HEADERS.contains(&name.as_str()) {
                let message =
                    format!("`{name}` carries credentials and never goes up to a provider; take it out");
                self.error(header.referenced, message);
                continue;
            }
            match HeaderName::try_from(&name) {
                Ok(name) => forward_headers.push(name),
                Err(_) => self.error(header.referenced, format!("`{name}` is no header name")),
            }
        }
        ServerConfig {
            listen: listen.unwrap_or(default.listen),
            admin,
            allow_unauthenticated: server.allow_unauthenticated,
            body_limit: server.body_limit.map_or(default.body_limit, |size| size.0),
            bytes_in_flight: server.bytes_in_flight.map_or(default.bytes_in_flight, |size| size.0),
            shutdown_grace: server.shutdown_grace.map_or(default.shutdown_grace, |span| span.0),
            forward_headers,
            watch: server.watch.unwrap_or(default.watch),
        }
    }

    fn address(&mut self, text: &Spanned<String>) -> Option<SocketAddr> {
        self.word(text, |word| {
            word.parse().map_err(|_| {
                format!("`{word}` is no address; write an IP address and a port, such as `127.0.0.1:8080`")
            })
        })
    }
}

const SECRET_HEADERS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "openai-organization",
    "openai-project",
    "cookie",
];
