use std::{sync::Arc, time::Duration};

use backstop_core::Kind;

use super::{CooldownTarget, Cooling, Subject};

/// Hears what cools. Called on the path of the request: be quick, and do not block.
pub trait CooldownObserver {
    /// Somebody should look: a key is refused or out of money, or a model is gone. Told once, when it begins to cool;
    /// `credential` is the key's place in the provider's pool, `None` where it is about the model.
    fn alert(&self, kind: Kind, provider: &str, credential: Option<usize>) {
        let _ = (kind, provider, credential);
    }

    /// Something begins to cool, or goes on to.
    fn cooled(&self, cooling: &Cooling) {
        let _ = cooling;
    }

    /// Something has succeeded, or an operator has cleared it.
    fn cleared(&self, subject: &Subject) {
        let _ = subject;
    }

    /// A call was refused because all that it could use is cooling.
    fn refused(&self, target: &CooldownTarget, retry_after: Duration) {
        let _ = (target, retry_after);
    }
}

impl CooldownObserver for () {}

impl<T: CooldownObserver + ?Sized> CooldownObserver for Arc<T> {
    fn alert(&self, kind: Kind, provider: &str, credential: Option<usize>) {
        (**self).alert(kind, provider, credential);
    }

    fn cooled(&self, cooling: &Cooling) {
        (**self).cooled(cooling);
    }

    fn cleared(&self, subject: &Subject) {
        (**self).cleared(subject);
    }

    fn refused(&self, target: &CooldownTarget, retry_after: Duration) {
        (**self).refused(target, retry_after);
    }
}
