use std::sync::Arc;

use crate::Rejection;

/// Hears of refused answers. `()` hears nothing.
pub trait ValidateObserver {
    /// An answer was refused: before it was let go, or in the middle of its body.
    fn rejected(&self, rejection: &Rejection) {
        let _ = rejection;
    }
}

impl ValidateObserver for () {}

impl<O: ValidateObserver + ?Sized> ValidateObserver for Arc<O> {
    fn rejected(&self, rejection: &Rejection) {
        (**self).rejected(rejection);
    }
}
