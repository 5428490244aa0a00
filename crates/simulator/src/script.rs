//! Sequences of behaviours.

use std::collections::VecDeque;

use crate::behaviour::Behaviour;

/// What a simulator does with one request after another.
///
/// An array of what becomes a [`Behaviour`] is a script; when it is over the simulator is healthy. [`Script::always`] never
/// ends, and [`Script::then_always`] says what comes after the last step.
#[derive(Debug, Clone, Default)]
pub struct Script {
    steps: VecDeque<Behaviour>,
    rest: Option<Behaviour>,
}

impl Script {
    /// These, one a request.
    pub fn new<T: Into<Behaviour>>(steps: impl IntoIterator<Item = T>) -> Self {
        Self { steps: steps.into_iter().map(Into::into).collect(), rest: None }
    }

    /// The same for every request.
    #[must_use]
    pub fn always(behaviour: impl Into<Behaviour>) -> Self {
        Self { steps: VecDeque::new(), rest: Some(behaviour.into()) }
    }

    /// After the last step, this for every further request.
    #[must_use]
    pub fn then_always(mut self, behaviour: impl Into<Behaviour>) -> Self {
        self.rest = Some(behaviour.into());
        self
    }

    /// The same steps `times` times over.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.steps = std::iter::repeat_n(self.steps, times).flatten().collect();
        self
    }

    /// What is done with the next request; nothing if the script is over.
    pub(crate) fn next(&mut self) -> Option<Behaviour> {
        self.steps.pop_front().or_else(|| self.rest.clone())
    }
}

impl<T: Into<Behaviour>, const N: usize> From<[T; N]> for Script {
    fn from(steps: [T; N]) -> Self {
        Self::new(steps)
    }
}

impl<T: Into<Behaviour>> From<Vec<T>> for Script {
    fn from(steps: Vec<T>) -> Self {
        Self::new(steps)
    }
}

/// Which requests a script is for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Every request.
    All,
    /// Requests for this model. A `&str` is one.
    Model(String),
    /// Requests with this key.
    Key(String),
}

impl From<&str> for Scope {
    fn from(model: &str) -> Self {
        Self::Model(model.to_owned())
    }
}

impl From<String> for Scope {
    fn from(model: String) -> Self {
        Self::Model(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    #[test]
    fn a_script_plays_its_steps_and_then_what_follows() {
        let (reset, busy) = (Behaviour::from(Fault::reset()), Behaviour::from(Fault::status(503)));
        let mut script = Script::from([Fault::reset()]).times(2).then_always(Fault::status(503));
        let played: Vec<_> = std::iter::from_fn(|| script.next()).take(4).collect();
        assert_eq!(played, [reset.clone(), reset.clone(), busy.clone(), busy.clone()]);
        let mut script = Script::from(["reset", "status=503"].map(|text| text.parse::<Behaviour>().unwrap()));
        assert_eq!((script.next(), script.next(), script.next()), (Some(reset), Some(busy), None));
    }
}
