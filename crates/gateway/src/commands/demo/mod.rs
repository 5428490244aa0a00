//! `backstop demo`: simulated providers, the gateway and a caller in one process, over real sockets.

mod act;
mod caller;
mod outage;
mod print;
mod stage;
mod trails;

use std::{net::SocketAddr, time::Duration};

use tokio::sync::oneshot;

use self::{act::ACTS, print::Table, stage::Stage, trails::Trails};
use super::{
    CommandError,
    serve::{bind, shutdown_signal},
};
use crate::{
    cli::DemoArguments,
    server::{Gateway, Health},
};

/// Breaks simulated providers one after another under a caller's eyes; then serves on, unless told to end.
pub(super) async fn demo(arguments: DemoArguments) -> Result<(), CommandError> {
    if !arguments.listen.ip().is_loopback() {
        return Err(CommandError::usage(format!(
            "`--listen {}` can be reached from other machines, and a demo asks nobody for a key; listen on 127.0.0.1",
            arguments.listen
        )));
    }
    let listener = bind(arguments.listen).await?;
    let address = listener.address();
    let stage = Stage::set().await?;
    let trails = Trails::listen().map_err(CommandError::outside)?;
    let gateway = Gateway::new(&stage.config().server, stage.stack(), Health::new());

    let (end, ended) = oneshot::channel();
    let ended = async {
        // A dropped sender is an end, too.
        let _ = ended.await;
    };
    let serving = listener.serve(gateway, ended, Duration::from_secs(2));
    let playing = async {
        let wrong = play(&stage, &trails, address).await;
        if wrong.is_ok() && !arguments.once {
            print::how_to_go_on(address);
            stage.stay_broken();
            tokio::select! {
                () = print::requests(&trails) => {}
                () = shutdown_signal() => {}
            }
        }
        let _ = end.send(());
        wrong
    };
    let (_, wrong) = tokio::join!(Box::pin(serving), Box::pin(playing));
    match wrong? {
        0 => Ok(()),
        wrong => {
            Err(CommandError::outside(format!("{wrong} of the requests above did not end as they should")))
        }
    }
}

/// Plays everything. Gives how many requests did not end as they should.
async fn play(stage: &Stage, trails: &Trails, address: SocketAddr) -> Result<usize, CommandError> {
    let mut table = Table::begin(address, stage);
    for act in ACTS {
        // Breakers and cooldowns of the act before would hide what happens in this one.
        stage.afresh().await?;
        let seen = act.play(stage, trails, address).await?;
        table.row(act, &seen);
    }
    stage.afresh().await?;
    let outage = outage::play(stage, address).await?;
    table.outage(&outage);
    stage.afresh().await?;
    Ok(table.end())
}
