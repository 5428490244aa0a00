//! `backstop demo`.

use super::CommandError;
use crate::cli::DemoArguments;

pub(super) async fn demo(_: DemoArguments) -> Result<(), CommandError> {
    Ok(())
}
