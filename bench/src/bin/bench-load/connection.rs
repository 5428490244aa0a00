//! One connection of a caller.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{Failed, request::Template};

/// One connection of a caller.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        #[expect(clippy::disallowed_methods, reason = "drives the connection and ends with it")]
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Asks and reads the whole answer.
    pub(crate) async fn ask(&mut self, template: &Template) -> Result<(), Failed> {
        let response = self.begin(template).await?;
        let answer = response.into_body().collect().await?.to_bytes();
        if template.is_whole(&answer) {
            Ok(())
        } else {
            Err(format!("no whole answer: {}", String::from_utf8_lossy(&answer)).into())
        }
    }

    /// Asks and reads the head, which must be a 200.
    pub(crate) async fn begin(&mut self, template: &Template) -> Result<Response<Incoming>, Failed> {
        self.sender.ready().await?;
        let response = self.sender.send_request(template.request()?).await?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into())
    }
}
