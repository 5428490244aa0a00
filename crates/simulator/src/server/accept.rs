//! Accepts connections, or does not.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    select,
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{Door, Order, connection};
use crate::simulator::Simulator;

/// The task that owns the listener and every connection: aborted, it takes them with it.
pub(super) struct Acceptor {
    simulator: Simulator,
    address: SocketAddr,
    listener: Option<TcpListener>,
    door: Door,
    accepted: Arc<AtomicU64>,
    connections: JoinSet<()>,
    stopping: watch::Sender<bool>,
}

impl Acceptor {
    pub(super) fn new(
        simulator: Simulator,
        listener: TcpListener,
        address: SocketAddr,
        accepted: Arc<AtomicU64>,
    ) -> Self {
        Self {
            simulator,
            address,
            listener: Some(listener),
            door: Door::Open,
            accepted,
            connections: JoinSet::new(),
            stopping: watch::Sender::new(false),
        }
    }

    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            select! {
                order = orders.recv() => match order {
                    Some(Order::Door(door, done)) => {
                        // Who asked may have left.
                        let _ = done.send(self.turn(door).await);
                    }
                    Some(Order::Stop(done)) => {
                        self.stop().await;
                        let _ = done.send(());
                        return;
                    }
                    None => return,
                },
                stream = accept(self.listener.as_ref()) => self.meet(stream),
                _ = self.connections.join_next(), if !self.connections.is_empty() => {}
            }
        }
    }

    async fn turn(&mut self, door: Door) -> io::Result<()> {
        self.door = door;
        if door == Door::Closed {
            self.listener = None;
            self.connections.shutdown().await;
        } else if self.listener.is_none() {
            self.listener = Some(TcpListener::bind(self.address).await?);
        }
        Ok(())
    }

    fn meet(&mut self, stream: TcpStream) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
        match self.door {
            Door::Open => {
                let simulator = self.simulator.clone();
                self.connections.spawn(connection::serve(stream, simulator, self.stopping.subscribe()));
            }
            Door::Mute => {
                self.connections.spawn(hold(stream));
            }
            Door::TlsAlert => {
                self.connections.spawn(alert(stream));
            }
            // Without lingering, closing is resetting. If that cannot be set, it is closed all the same.
            Door::Reset => stream.set_zero_linger().unwrap_or_default(),
            Door::Closed => {}
        }
    }

    async fn stop(&mut self) {
        self.listener = None;
        self.stopping.send_replace(true);
        while self.connections.join_next().await.is_some() {}
    }
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // Out of files, or the peer left already: the next may do better.
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// Keeps a connection that nobody reads.
async fn hold(stream: TcpStream) {
    let _stream = stream;
    std::future::pending::<()>().await;
}

/// Waits for a hello and refuses it.
async fn alert(mut stream: TcpStream) {
    let mut hello = [0; 4096];
    // Whatever it is, and even if it is nothing, this is the answer.
    if stream.read(&mut hello).await.is_ok() && stream.write_all(HANDSHAKE_FAILURE).await.is_ok() {
        stream.shutdown().await.unwrap_or_default();
    }
}

/// A TLS record: alert, TLS 1.2, two bytes, fatal, handshake_failure (RFC 8446, sections 5.1 and 6.2).
const HANDSHAKE_FAILURE: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
/// How long to wait after a failed accept.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(10);
