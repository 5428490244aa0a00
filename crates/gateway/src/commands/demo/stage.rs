//! The simulated providers, and the gateway's configuration before them.

use std::{io, sync::Arc};

use arc_swap::ArcSwap;
use backstop_config::{Config, Environment};
use backstop_simulator::{Dialect, Door, Fault, Server, Simulator};

use super::super::CommandError;
use crate::stack::{SharedStack, StackBuilder};

/// Three providers and what stands before them.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) openai: Provider,
    pub(super) anthropic: Provider,
    pub(super) local: Provider,
    config: Config,
    stack: SharedStack,
}

/// One simulated provider, on a socket of its own.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) simulator: Simulator,
    server: Server,
}

impl Provider {
    async fn start(name: &str, dialect: Dialect) -> io::Result<Self> {
        let simulator = Simulator::new(name).with_dialect(dialect).with_key(format!("key-of-{name}"));
        let server = simulator.start().await?;
        Ok(Self { simulator, server })
    }

    /// Where it is.
    pub(super) fn base_url(&self) -> String {
        self.server.v1()
    }

    /// Nobody listens there any more.
    pub(super) async fn close(&self) -> io::Result<()> {
        self.server.set_door(Door::Closed).await
    }

    async fn heal(&self) -> io::Result<()> {
        self.simulator.calm();
        self.server.set_door(Door::Open).await
    }
}

impl Stage {
    pub(super) async fn set() -> Result<Self, CommandError> {
        let explain =
            |error| CommandError::outside(format!("a simulated provider cannot be started: {error}"));
        let openai = Provider::start("openai", Dialect::OpenAiChat).await.map_err(explain)?;
        let anthropic = Provider::start("anthropic", Dialect::AnthropicMessages).await.map_err(explain)?;
        let local = Provider::start("local", Dialect::OpenAiChat).await.map_err(explain)?;
        let yaml = yaml(&openai, &anthropic, &local);
        let config = Config::parse("demo.yaml", &yaml, &Environment::empty())?;
        let stack = Arc::new(ArcSwap::from_pointee(StackBuilder::new(config.clone()).build()?));
        Ok(Self { openai, anthropic, local, config, stack })
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn stack(&self) -> SharedStack {
        Arc::clone(&self.stack)
    }

    /// All providers well, all breakers closed, nothing cooling.
    pub(super) async fn afresh(&self) -> Result<(), CommandError> {
        for provider in [&self.openai, &self.anthropic, &self.local] {
            provider.heal().await.map_err(|error| CommandError::outside(error.to_string()))?;
        }
        self.stack.store(Arc::new(StackBuilder::new(self.config.clone()).build()?));
        Ok(())
    }

    /// The first provider down for good, so that whoever tries it out sees requests go round it.
    pub(super) fn stay_broken(&self) {
        self.openai.simulator.down(Fault::status(503));
    }
}

/// Clocks are shorter than their defaults, so that nobody has to wait; all else is as it comes.
fn yaml(openai: &Provider, anthropic: &Provider, local: &Provider) -> String {
    let (openai, anthropic, local) = (openai.base_url(), anthropic.base_url(), local.base_url());
    let chain = "
    timeouts: { first_byte: 1s, first_token: 1s, silent: 1s, idle: 1s, total: 2s }
    breaker: { open: 500ms, max_open: 1s }
    targets: [openai/gpt-4.1-mini, anthropic/claude-haiku-4-5, local/llama3.3]";
    format!(
        "providers:
  openai: {{ base_url: \"{openai}\", api_key: key-of-openai }}
  anthropic: {{ base_url: \"{anthropic}\", api_key: key-of-anthropic }}
  local: {{ dialect: openai-chat, base_url: \"{local}\", api_key: key-of-local }}
chains:
  chat:{chain}
  careful:
    mid_stream: buffer{chain}
"
    )
}
