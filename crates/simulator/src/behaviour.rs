//! What a simulator does with one request.

use crate::{answer::Answer, fault::Fault};

/// What a simulator does with one request: an answer, and what goes wrong with it.
///
/// ```
/// use backstop_simulator::{Answer, Behaviour, Death, Fault};
///
/// let healthy = Behaviour::default();
/// let down: Behaviour = Fault::status(503).into();
/// let dies = Behaviour::from(Answer::tokens(60)).with(Fault::dies(40, Death::Reset));
/// assert_eq!("tokens=60; dies=40 reset".parse(), Ok(dies));
/// assert_eq!("status=503".parse(), Ok(down));
/// assert_eq!("ok".parse(), Ok(healthy));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Behaviour {
    pub(crate) answer: Answer,
    pub(crate) faults: Vec<Fault>,
}

impl Behaviour {
    /// The same, and this goes wrong as well.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }
}

impl From<Answer> for Behaviour {
    fn from(answer: Answer) -> Self {
        Self { answer, faults: Vec::new() }
    }
}

impl From<Fault> for Behaviour {
    fn from(fault: Fault) -> Self {
        Self::default().with(fault)
    }
}

impl<const N: usize> From<[Fault; N]> for Behaviour {
    fn from(faults: [Fault; N]) -> Self {
        Self { answer: Answer::default(), faults: faults.into() }
    }
}
