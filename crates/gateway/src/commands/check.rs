//! `backstop check`.

use std::io::{self, Write};

use backstop_config::{BreakerSwitch, Config, ProviderConfig};

use super::{CommandError, serve};
use crate::{cli::ConfigArguments, stack::StackBuilder};

/// Reads and builds the configuration, and says what it means. Connects to nobody.
pub(super) fn check(arguments: &ConfigArguments) -> Result<(), CommandError> {
    let config = serve::load(arguments)?;
    let stack = StackBuilder::new(config).build()?;
    write(&mut io::stdout().lock(), stack.config())
        .map_err(|error| CommandError::outside(format!("the result cannot be written: {error}")))
}

fn write(out: &mut impl Write, config: &Config) -> io::Result<()> {
    writeln!(out, "The configuration is good.")?;
    writeln!(out, "\nlisten: {}", config.server.listen)?;
    writeln!(out, "\nproviders:")?;
    for provider in config.providers.values() {
        let ProviderConfig { name, dialect, base_url, .. } = provider;
        writeln!(out, "  {name}: {dialect} at {base_url}, {} key(s)", provider.api_keys.len())?;
    }
    writeln!(out, "\nchains:")?;
    for chain in config.chains.values() {
        let breaker = if chain.breaker == BreakerSwitch::Off { ", no breaker" } else { "" };
        writeln!(out, "  {}: mid_stream {:?}{breaker}", chain.name, chain.mid_stream)?;
        for (at, target) in (1..).zip(&chain.targets) {
            let rules = target.validate.rules();
            let refuses =
                if rules.is_empty() { String::new() } else { format!(", validate {}", rules.join(" ")) };
            writeln!(out, "    {at}. {}/{}{refuses}", target.provider, target.model)?;
        }
    }
    for (alias, stands_for) in &config.aliases {
        writeln!(out, "  {alias}: alias of {stands_for}")?;
    }
    Ok(())
}
