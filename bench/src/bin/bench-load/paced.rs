//! An open loop: requests come when they are due, as from many callers who do not know of each other.

use std::{cell::RefCell, rc::Rc, time::Duration};

use tokio::{
    task::LocalSet,
    time::{self, Instant},
};

use crate::{Failed, connection::Connection, request::Template, tally::Tally};

pub(crate) async fn run(template: &Template, rate: f64, requests: usize) -> Result<Tally, Failed> {
    let idle = Rc::new(RefCell::new(Vec::new()));
    LocalSet::new()
        .run_until(async {
            let mut answers = Vec::with_capacity(requests);
            let mut due = Instant::now();
            for _ in 0..requests {
                time::sleep_until(due).await;
                let (template, idle) = (template.clone(), Rc::clone(&idle));
                answers.push(tokio::task::spawn_local(async move { ask(&template, &idle, due).await }));
                due += Duration::from_secs_f64(1.0 / rate);
            }
            let mut tally = Tally::default();
            for answer in answers {
                tally.note(answer.await??);
            }
            Ok(tally)
        })
        .await
}

async fn ask(template: &Template, idle: &RefCell<Vec<Connection>>, due: Instant) -> Result<Duration, Failed> {
    let kept = idle.borrow_mut().pop();
    let mut connection = match kept {
        Some(connection) => connection,
        None => Connection::open(&template.address).await?,
    };
    connection.ask(template).await?;
    let took = Instant::now().duration_since(due);
    idle.borrow_mut().push(connection);
    Ok(took)
}
