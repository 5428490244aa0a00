//! What is another thing in a new configuration.

use std::{collections::BTreeMap, fmt};

use backstop_config::{Config, ServerConfig};

/// What a new configuration changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Diff {
    /// In words: `chain writer changed`, `provider openai added`.
    pub(super) changes: Vec<String>,
    /// What needs a restart, by its path in the file.
    pub(super) needs_restart: Vec<&'static str>,
}

impl Diff {
    pub(super) fn of(old: &Config, new: &Config) -> Self {
        let mut changes = Vec::new();
        compare("provider", &old.providers, &new.providers, &mut changes);
        compare("chain", &old.chains, &new.chains, &mut changes);
        compare("alias", &old.aliases, &new.aliases, &mut changes);
        let mut needs_restart = needs_restart(&old.server, &new.server);
        if old.ledger != new.ledger {
            needs_restart.push("ledger");
        }
        Self { changes, needs_restart }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.changes.join(", "))
    }
}

fn compare<T: PartialEq>(
    what: &str,
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
    changes: &mut Vec<String>,
) {
    let mut note = |name: &str, how: &str| changes.push(format!("{what} {name} {how}"));
    for (name, value) in new {
        match old.get(name) {
            None => note(name, "added"),
            Some(known) if known != value => note(name, "changed"),
            Some(_) => {}
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        note(name, "removed");
    }
}

fn needs_restart(old: &ServerConfig, new: &ServerConfig) -> Vec<&'static str> {
    let all = [
        ("server.listen", old.listen != new.listen),
        ("server.admin", old.admin != new.admin),
        ("server.body_limit", old.body_limit != new.body_limit),
        ("server.bytes_in_flight", old.bytes_in_flight != new.bytes_in_flight),
        ("server.shutdown_grace", old.shutdown_grace != new.shutdown_grace),
        ("server.forward_headers", old.forward_headers != new.forward_headers),
        ("server.watch", old.watch != new.watch),
    ];
    all.into_iter().filter_map(|(path, changed)| changed.then_some(path)).collect()
}

#[cfg(test)]
mod tests {
    use backstop_config::Environment;

    use super::*;

    fn config(yaml: &str) -> Config {
        Config::parse("backstop.yaml", yaml, &Environment::empty()).unwrap()
    }

    #[test]
    fn says_what_changed_and_what_needs_a_restart() {
        let old = config(
            "providers: { openai: { api_key: x }, anthropic: { api_key: y } }
chains: { a: { targets: [openai/gpt-4.1] }, b: { targets: [openai/gpt-4.1] } }",
        );
        let new = config(
            "server: { listen: 127.0.0.1:9999, body_limit: 1MiB }
providers: { openai: { api_key: z }, local: { dialect: openai-chat, base_url: http://127.0.0.1:1 } }
chains: { a: { targets: [openai/gpt-4.1], deadline: 9s }, c: { targets: [local/m] } }
aliases: { gpt: a }",
        );
        let diff = Diff::of(&old, &new);
        assert_eq!(
            diff.to_string(),
            "provider local added, provider openai changed, provider anthropic removed, chain a changed, chain c added, \
             chain b removed, alias gpt added"
        );
        assert_eq!(diff.needs_restart, ["server.listen", "server.body_limit"]);
        assert!(Diff::of(&old, &old.clone()).is_empty());
    }
}
