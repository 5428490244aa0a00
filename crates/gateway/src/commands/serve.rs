//! `backstop serve`.

use std::{io::Write as _, net::SocketAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use backstop_config::{Config, Environment};
use backstop_ledger::Ledger;
use tokio::sync::watch;

use super::CommandError;
use crate::{
    cli::{ConfigArguments, ServeArguments},
    ledger::{self, LedgerHook},
    log,
    reload::{self, ReloadStatus, Reloader},
    server::{Admin, Gateway, Health, Listener},
    stack::StackBuilder,
};

/// Serves until the process is told to end; then open answers come to their end.
pub(super) async fn serve(arguments: ServeArguments) -> Result<(), CommandError> {
    log::init(arguments.log.log_format, &arguments.log.log).map_err(CommandError::usage)?;
    // Taken first: what is written while it is read is a change.
    let seen = reload::fingerprint(&arguments.config.files);
    let config = load(&arguments.config)?;
    let mut server = config.server.clone();
    if let Some(listen) = arguments.listen {
        if !listen.ip().is_loopback() && !server.allow_unauthenticated {
            return Err(CommandError::usage(format!(
                "`--listen {listen}` can be reached from other machines, and there are no caller keys yet; listen on \
                 127.0.0.1, or set `allow_unauthenticated: true` under `server`"
            )));
        }
        server.listen = listen;
    }
    let ledger = config.ledger.as_ref().map(|config| Ledger::open(ledger::config(config))).transpose();
    let ledger =
        ledger.map_err(|error| CommandError::outside(format!("the ledger cannot begin: {error}")))?;
    let mut builder = StackBuilder::new(config);
    if let Some(ledger) = &ledger {
        builder = builder.with_ledger(LedgerHook::new(ledger.recorder().clone()));
    }
    let stack = Arc::new(ArcSwap::from_pointee(builder.build()?));
    let health = Health::new();
    let listener = bind(server.listen).await?;
    let admin = match server.admin {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let status = ReloadStatus::new();
    let watch_files = server.watch && !arguments.no_watch && !arguments.config.files.is_empty();
    let reloader = Reloader::new(arguments.config.files, seen, Arc::clone(&stack), status.clone());
    let reloads = reload::watch(reloader, watch_files);
    announce(listener.address(), admin.as_ref().map(Listener::address));

    let (ending, mut ended) = watch::channel(false);
    let gateway = Gateway::new(&server, Arc::clone(&stack), health.clone());
    let admin_service =
        Admin::new(stack, health.clone(), gateway.bytes_in_flight().clone()).with_reload_status(status);
    let signal = async {
        shutdown_signal().await;
        health.end();
        tracing::info!(grace = ?server.shutdown_grace, "ending: no new requests, open answers come to their end");
        ending.send_replace(true);
    };
    let callers = listener.serve(gateway, signal, server.shutdown_grace);
    let operators = async move {
        if let Some(admin) = admin {
            // Operators watch the end: their listener ends with the process.
            admin.serve(admin_service, std::future::pending(), Duration::ZERO).await;
        }
        std::future::pending::<()>().await;
    };
    let cut_off = tokio::select! {
        cut_off = callers => cut_off,
        () = operators => 0,
        () = reloads => 0,
        // A second signal is an order.
        () = async {
            let _ = ended.wait_for(|ending| *ending).await;
            shutdown_signal().await;
        } => return Err(CommandError::outside("ended at once, by a second signal".to_owned())),
    };
    if let Some(ledger) = ledger {
        ledger.close();
    }
    if cut_off > 0 {
        tracing::warn!(connections = cut_off, "the grace has passed; connections were cut off");
    }
    Ok(())
}

/// The configuration that the command line names.
pub(super) fn load(arguments: &ConfigArguments) -> Result<Config, CommandError> {
    let environment = Environment::process();
    Ok(if arguments.files.is_empty() {
        Config::from_environment(&environment)?
    } else {
        Config::load(&arguments.files, &environment)?
    })
}

pub(super) async fn bind(address: SocketAddr) -> Result<Listener, CommandError> {
    Listener::bind(address).await.map_err(|error| CommandError::listen(address, &error))
}

/// Says where it listens, on standard output, so that scripts can read a port that the system chose.
fn announce(listen: SocketAddr, admin: Option<SocketAddr>) {
    let mut out = std::io::stdout().lock();
    // Nobody reading is no reason not to serve.
    let _ = writeln!(out, "backstop listens on http://{listen}");
    if let Some(admin) = admin {
        let _ = writeln!(out, "backstop's admin listens on http://{admin}");
    }
    let _ = out.flush();
}

/// Resolves at an interrupt (Ctrl-C) or, on Unix, at a termination signal.
pub(super) async fn shutdown_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
