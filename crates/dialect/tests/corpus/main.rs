//! Recorded traffic of real providers: all of it decodes, comes out of its own dialect equal, and goes through every
//! other dialect without losing what matters.
//!
//! Reads the directory in `BACKSTOP_CORPUS`, by default `../shared/corpus` beside the workspace. Where the default is not
//! there it says so and passes; a directory that is named and not there, or that holds none of a dialect, fails.

mod answers;
mod errors;
mod essence;
mod exchange;
mod lifecycle;
mod requests;
mod streams;
mod substance;
