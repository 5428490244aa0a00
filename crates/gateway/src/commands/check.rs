//! `backstop check`.

use std::{
    io::{self, Write},
    time::Duration,
};

use backstop_config::{
    BreakerSwitch, ChainConfig, Config, MidStream, OnContentFilter, OnMaxCost, ProviderConfig, ServerConfig,
    TargetConfig,
};

use super::{CommandError, serve};
use crate::{cli::ConfigArguments, stack::StackBuilder};

/// Reads and builds the configuration, and says what it means. Connects to nobody.
pub(super) fn check(arguments: &ConfigArguments) -> Result<(), CommandError> {
    let config = serve::load(arguments)?;
    let stack = StackBuilder::new(config).build()?;
    write(&mut io::stdout().lock(), stack.config())
        .map_err(|error| CommandError::outside(format!("the result cannot be written: {error}")))
}

/// What is not said is at its default.
fn write(out: &mut impl Write, config: &Config) -> io::Result<()> {
    writeln!(out, "The configuration is good.")?;
    server(out, &config.server)?;
    if let Some(ledger) = &config.ledger {
        let kept = humantime::format_duration(ledger.retention);
        writeln!(out, "ledger: {}, rows kept for {kept}", ledger.store)?;
    }
    writeln!(out, "\nproviders:")?;
    for provider in config.providers.values() {
        let ProviderConfig { name, dialect, base_url, .. } = provider;
        let keys = match provider.api_keys.len() {
            0 => "no key is sent".to_owned(),
            1 => "1 key".to_owned(),
            keys => format!("{keys} keys, tried in turn"),
        };
        writeln!(out, "  {name}: {dialect} at {base_url}, {keys}")?;
    }
    writeln!(out, "\nchains:")?;
    for one in config.chains.values() {
        chain(out, one)?;
    }
    if config.chains.is_empty() {
        writeln!(out, "  none: callers name `provider/model`")?;
    }
    if !config.aliases.is_empty() {
        writeln!(out, "\naliases:")?;
    }
    for (alias, stands_for) in &config.aliases {
        writeln!(out, "  {alias}: {stands_for}")?;
    }
    if let Some(name) = &config.default_chain {
        writeln!(out, "\nBehind a model that is named as `provider/model` stands the chain `{name}`.")?;
    }
    Ok(())
}

fn server(out: &mut impl Write, server: &ServerConfig) -> io::Result<()> {
    writeln!(out, "\nlisten: {}", server.listen)?;
    if let Some(admin) = server.admin {
        writeln!(out, "admin: {admin}")?;
    }
    if server.allow_unauthenticated {
        writeln!(out, "callers: anyone who can connect, without a key")?;
    }
    if !server.forward_headers.is_empty() {
        let names: Vec<_> = server.forward_headers.iter().map(http::HeaderName::as_str).collect();
        writeln!(out, "caller headers that go up as well: {}", names.join(", "))?;
    }
    Ok(())
}

fn chain(out: &mut impl Write, chain: &ChainConfig) -> io::Result<()> {
    let mut said = vec![
        match chain.mid_stream {
            MidStream::Buffer => "answers are held until they are whole",
            _ => "a death in the middle of a stream is an error event",
        }
        .to_owned(),
    ];
    said.extend(chain.deadline.map(|deadline| format!("deadline {deadline:?}")));
    said.extend(chain.max_targets.map(|most| format!("at most {most} targets a request")));
    if let Some(most) = chain.max_cost {
        let then = match chain.on_max_cost {
            OnMaxCost::End => "a stream that passes it ends",
            _ => "a stream that passes it goes on",
        };
        said.push(format!("at most ${most} a request, {then}"));
    }
    if chain.on_content_filter == OnContentFilter::Next {
        said.push("a content policy's refusal goes on to the next target".to_owned());
    }
    match chain.breaker {
        BreakerSwitch::Off => said.push("no breaker".to_owned()),
        BreakerSwitch::On(figures) if figures != backstop_config::BreakerConfig::default() => {
            said.push("a breaker with figures of its own".to_owned());
        }
        _ => {}
    }
    writeln!(out, "  {}: {}", chain.name, said.join("; "))?;
    for (at, target) in (1..).zip(&chain.targets) {
        writeln!(out, "    {at}. {}/{}{}", target.provider, target.model, particulars(target))?;
    }
    Ok(())
}

/// What is particular to a target, in brackets.
fn particulars(target: &TargetConfig) -> String {
    let mut said = Vec::new();
    if let Some(own) = &target.own_provider {
        said.push(format!("at {}, {} key(s) of its own", own.base_url, own.api_keys.len()));
    }
    said.extend(target.retries.map(|retries| format!("retries {retries}")));
    let clocks = &target.timeouts;
    let clocks = [
        ("first byte", clocks.first_byte),
        ("first token", clocks.first_token),
        ("silent", clocks.silent),
        ("idle", clocks.idle),
        ("total", clocks.total),
    ];
    let set = clocks.into_iter().filter_map(|(clock, limit): (_, Option<Duration>)| Some((clock, limit?)));
    said.extend(set.map(|(clock, limit)| format!("{clock} {limit:?}")));
    if target.overrides.price.is_some() {
        said.push("a price of its own".to_owned());
    }
    if !target.edits.is_empty() {
        said.push(format!("{} edit(s) to each request", target.edits.len()));
    }
    let rules = target.validate.rules();
    if !rules.is_empty() {
        said.push(format!("validate {}", rules.join(" ")));
    }
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}
