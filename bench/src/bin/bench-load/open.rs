//! Streams that are opened and left open.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::io::AsyncReadExt as _;

use crate::{Failed, connection::Connection, request::Template};

/// Streams that have begun and do not end. Dropping them closes them.
pub(crate) struct Streams(Vec<(Connection, Incoming)>);

/// Opens `streams` streams, each on its own connection, and reads the first bytes of each.
pub(crate) async fn run(template: &Template, streams: usize) -> Result<Streams, Failed> {
    let open = stream::iter(0..streams).map(|_| open(template)).buffer_unordered(AT_ONCE);
    Ok(Streams(open.try_collect().await?))
}

async fn open(template: &Template) -> Result<(Connection, Incoming), Failed> {
    let mut connection = Connection::open(&template.address).await?;
    let mut body = connection.begin(template).await?.into_body();
    body.frame().await.ok_or("the stream ended at once")??;
    Ok((connection, body))
}

impl Streams {
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Keeps them open until standard input ends.
    pub(crate) async fn hold(self) -> Result<(), Failed> {
        let mut nothing = Vec::new();
        tokio::io::stdin().read_to_end(&mut nothing).await?;
        Ok(())
    }
}

/// More would overflow the listener's queue.
const AT_ONCE: usize = 50;
