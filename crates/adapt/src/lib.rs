//! Per-target changes to a call, as typed edits.
