//! The leaf service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use backstop_core::{Failure, Payload};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version, header};
use tower_http::decompression::Decompression;
use tower_service::Service;

use crate::{
    ConfigError, ProviderBody, ProviderConfig, ResponseFuture,
    base::Base,
    client::{self, Client},
    credential::Keys,
};

/// A provider's endpoint. Cloning is one `Arc`; all clones share one pool of connections. Always ready.
///
/// See the [crate's documentation](crate) for what it does to requests and responses.
#[derive(Clone, Debug)]
pub struct Provider {
    endpoint: Arc<Endpoint>,
}

/// What all calls share.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) base: Base,
    pub(crate) keys: Keys,
    headers: HeaderMap,
    client: Client,
}

impl Provider {
    /// A provider as configured. Opens no connection yet.
    ///
    /// # Errors
    ///
    /// The first setting that cannot work, with what to do about it.
    pub fn new(config: ProviderConfig) -> Result<Self, ConfigError> {
        let base = Base::parse(&config.base_url)?;
        let keys = Keys::new(&config)?;
        let client = client::new(&config, &base)?;
        if let Some(name) = config.headers.keys().find(|name| FRAMING.contains(name)) {
            return Err(ConfigError::new(
                "headers",
                format!("`{name}` belongs to the connection: remove it"),
            ));
        }
        Ok(Self { endpoint: Arc::new(Endpoint { base, keys, headers: config.headers, client }) })
    }

    /// `host:port` of the endpoint.
    #[must_use]
    pub fn place(&self) -> &str {
        self.endpoint.base.place()
    }
}

impl Service<Request<Payload>> for Provider {
    type Response = Response<ProviderBody>;
    type Error = Failure;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Payload>) -> ResponseFuture {
        match self.endpoint.prepare(&mut request) {
            Ok(()) => {
                let call = Decompression::new(&self.endpoint.client).call(request);
                ResponseFuture::new(call, Arc::clone(&self.endpoint))
            }
            Err(failure) => ResponseFuture::failed(failure, Arc::clone(&self.endpoint)),
        }
    }
}

impl Endpoint {
    fn prepare(&self, request: &mut Request<Payload>) -> Result<(), Failure> {
        *request.uri_mut() = self.base.join(request.uri())?;
        // Which version it will be is the connection's matter.
        *request.version_mut() = Version::HTTP_11;
        let credential = request.body().credential();
        let headers = request.headers_mut();
        for name in &FRAMING {
            headers.remove(name);
        }
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        self.keys.apply(credential, headers)
    }
}

/// Headers that belong to one connection, or that the connection sets itself.
const FRAMING: [HeaderName; 9] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::UPGRADE,
    header::TE,
    header::EXPECT,
];
