//! Script files.

use std::str::FromStr;

use crate::{
    behaviour::Behaviour,
    grammar::ParseError,
    script::{Scope, Script},
    simulator::Simulator,
};

/// A line of a script file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct FileError {
    /// Its number, from 1.
    line: usize,
    problem: String,
}

impl Simulator {
    /// Forgets all scripts and rates and plays those of `text` instead, the content of a script file.
    ///
    /// Each line is `WHICH => SCRIPT`; empty lines and those that begin with `#` say nothing. `WHICH` is `*` (every
    /// request), `model NAME`, `key KEY`, or `rate SHARE`, whose script is one behaviour. A script is behaviours with `|`
    /// between them, the last perhaps with `always` before it.
    ///
    /// ```
    /// let simulator = backstop_simulator::Simulator::new("a");
    /// simulator.load(
    ///     "# Fails once, then limits for good.
    ///      model gpt-4.1 => status=500 | always status=429; retry-after=2s
    ///      rate 0.1 => reset",
    /// )?;
    /// # Ok::<(), backstop_simulator::FileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a line cannot be read. Nothing is changed then.
    pub fn load(&self, text: &str) -> Result<(), FileError> {
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let told = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let entries = told.map(|(line, text)| entry(text).map_err(|problem| FileError { line, problem }));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        self.calm();
        for entry in entries {
            match entry {
                Entry::Script(scope, script) => self.script(scope, script),
                Entry::Rate(share, behaviour) => self.rate(share, behaviour),
            }
        }
        Ok(())
    }
}

enum Entry {
    Script(Scope, Script),
    Rate(f64, Behaviour),
}

fn entry(line: &str) -> Result<Entry, String> {
    let (which, script) = line.split_once("=>").ok_or("expected `WHICH => SCRIPT`")?;
    let parsed = |error: ParseError| error.to_string();
    let which = which.trim();
    let (word, value) = which.split_once(' ').unwrap_or((which, ""));
    let value = value.trim();
    let scope = match (word, value) {
        ("*", "") => Scope::All,
        ("model", name) if !name.is_empty() => Scope::Model(name.to_owned()),
        ("key", key) if !key.is_empty() => Scope::Key(key.to_owned()),
        ("rate", share) => {
            let share: f64 = share.parse().map_err(|_| "a rate is a number from 0 to 1")?;
            if !(0.0..=1.0).contains(&share) {
                return Err("a rate is a number from 0 to 1".to_owned());
            }
            return Ok(Entry::Rate(share, script.parse().map_err(parsed)?));
        }
        _ => return Err("which requests? `*`, `model NAME`, `key KEY` or `rate SHARE`".to_owned()),
    };
    Ok(Entry::Script(scope, script.parse().map_err(parsed)?))
}

/// Behaviours with `|` between them, the last perhaps with `always` before it.
impl FromStr for Script {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut steps: Vec<&str> = text.split('|').map(str::trim).collect();
        let rest = steps.pop_if(|last| last.starts_with("always "));
        let steps = steps.into_iter().map(str::parse::<Behaviour>).collect::<Result<Vec<_>, _>>()?;
        let script = Self::new(steps);
        match rest.and_then(|rest| rest.strip_prefix("always ")) {
            Some(rest) => Ok(script.then_always(rest.parse::<Behaviour>()?)),
            None => Ok(script),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_changes_nothing() {
        let simulator = Simulator::new("a");
        simulator.load("model m => reset | always status=503\n").unwrap();
        for (text, expected) in [
            ("\n\nwhatever", "line 3: expected `WHICH => SCRIPT`"),
            ("# fine\n* => stauts=1", "line 2: behaviour `stauts=1`: no such word"),
            ("rate 2 => reset", "line 1: a rate is a number from 0 to 1"),
            ("model => reset", "line 1: which requests? `*`, `model NAME`, `key KEY` or `rate SHARE`"),
        ] {
            assert_eq!(simulator.load(text).unwrap_err().to_string(), expected);
        }
        let mut state = simulator.shared.state.lock();
        let played = [(); 3].map(|()| state.next(tokio::time::Instant::now(), None, Some("m")));
        let expected = ["reset", "status=503", "status=503"].map(|text| text.parse::<Behaviour>().unwrap());
        assert_eq!(played, expected);
    }
}
