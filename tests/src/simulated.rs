//! A simulated provider behind a socket.

use backstop_core::Dialect;
use backstop_simulator::{Door, Scope, Script, Server, Simulator, Usage};

use crate::{case::Call, led};

/// A simulated provider behind a socket. Dropping it closes the port.
#[derive(Debug)]
#[non_exhaustive]
pub struct Simulated {
    /// Its handle.
    pub simulator: Simulator,
    server: Server,
}

impl Simulated {
    /// Plays `script` on a free port.
    ///
    /// # Panics
    ///
    /// Where no port is free.
    pub async fn start(script: Script) -> Self {
        let simulator = Simulator::new("tests");
        simulator.script(Scope::All, script);
        let server = simulator.start().await.expect("a free port");
        Self { simulator, server }
    }

    /// From now on nobody listens, or somebody does again.
    ///
    /// # Panics
    ///
    /// Where the server has ended, or somebody else has taken its port.
    pub async fn listen(&self, listens: bool) {
        let door = if listens { Door::Open } else { Door::Closed };
        self.server.set_door(door).await.expect("the port is free");
    }

    /// From now on it answers a TLS handshake with a fatal alert.
    ///
    /// # Panics
    ///
    /// Where the server has ended.
    pub async fn refuse_tls(&self) {
        self.server.set_door(Door::TlsAlert).await.expect("the server runs");
    }

    /// Where it listens, as a base URL for `dialect`'s provider.
    #[must_use]
    pub fn base_url(&self, dialect: Dialect) -> String {
        led::base_url(&self.server.address().to_string(), dialect)
    }

    /// What it has seen so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let calls = self.simulator.requests().into_iter().map(|record| Call {
            at: record.at.into_std(),
            target: record.uri.to_string(),
            headers: record.headers,
            body: record.body,
            usage: record.told.map(|Usage { input, output, .. }| (input, output)),
            refused_by: record.refused_by,
        });
        calls.collect()
    }
}
