//! Tries the next target when one fails.
