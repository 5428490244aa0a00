//! A simulator behind a socket.

mod accept;
mod connection;
mod wire;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    net::{TcpListener, ToSocketAddrs},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::simulator::Simulator;

/// A simulator's listener and its connections. Dropped, it closes all of them at once.
///
/// It speaks HTTP/1.1 and HTTP/2 with prior knowledge, each response written as soon as it comes (`TCP_NODELAY`).
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    orders: mpsc::Sender<Order>,
    accepted: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

/// What meets who connects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Door {
    /// The simulator.
    #[default]
    Open,
    /// Nobody: the port is closed, and connections that were open are cut.
    Closed,
    /// Somebody who accepts and never reads or answers.
    Mute,
    /// A reset as soon as the connection stands.
    Reset,
    /// The fatal alert of a TLS server that wants no session, whatever it is sent.
    TlsAlert,
}

pub(crate) enum Order {
    Door(Door, oneshot::Sender<io::Result<()>>),
    Stop(oneshot::Sender<()>),
}

impl Simulator {
    /// Serves at `address`; port 0 is a free one.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound.
    pub async fn serve(&self, address: impl ToSocketAddrs) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (orders, inbox) = mpsc::channel(1);
        let accepted = Arc::default();
        let acceptor = accept::Acceptor::new(self.clone(), listener, address, Arc::clone(&accepted));
        #[expect(
            clippy::disallowed_methods,
            reason = "a server outlives the call that starts it; its handle ends it"
        )]
        let task = tokio::spawn(acceptor.run(inbox));
        Ok(Server { address, orders, accepted, task })
    }

    /// Serves at a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn start(&self) -> io::Result<Server> {
        self.serve(("127.0.0.1", 0)).await
    }
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `http://127.0.0.1:PORT/v1`, what an OpenAI SDK takes as its base URL.
    #[must_use]
    pub fn v1(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// How many connections it has accepted, whatever met them.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Changes what meets who connects. When this returns, the next connection meets it.
    ///
    /// # Errors
    ///
    /// If the port, once closed, cannot be opened again, or the server has ended.
    pub async fn set_door(&self, door: Door) -> io::Result<()> {
        let (done, result) = oneshot::channel();
        let gone = || io::Error::new(io::ErrorKind::NotConnected, "the simulator's server has ended");
        self.orders.send(Order::Door(door, done)).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }

    /// Accepts nothing more, lets every answer under way end, and closes.
    pub async fn stop(self) {
        let (done, stopped) = oneshot::channel();
        if self.orders.send(Order::Stop(done)).await.is_ok() {
            // An error means that the server has ended already.
            stopped.await.unwrap_or_default();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
