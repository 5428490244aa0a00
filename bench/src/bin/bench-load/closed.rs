//! A closed loop: the next request of a connection waits for the answer to the one before.

use tokio::time::Instant;

use crate::{Failed, connection::Connection, request::Template, tally::Tally};

pub(crate) async fn run(template: &Template, connections: usize, requests: usize) -> Result<Tally, Failed> {
    let each = requests.div_ceil(connections);
    let mut callers = Vec::new();
    for _ in 0..connections {
        let template = template.clone();
        #[expect(clippy::disallowed_methods, reason = "one task a caller, all awaited below")]
        callers.push(tokio::spawn(async move { call(&template, each).await }));
    }
    let mut tally = Tally::default();
    for caller in callers {
        tally.add(caller.await??);
    }
    Ok(tally)
}

async fn call(template: &Template, requests: usize) -> Result<Tally, Failed> {
    let mut connection = Connection::open(&template.address).await?;
    let mut tally = Tally::default();
    for _ in 0..requests {
        let started = Instant::now();
        connection.ask(template).await?;
        tally.note(Instant::now().duration_since(started));
    }
    Ok(tally)
}
