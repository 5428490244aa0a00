//! The attempt trail and the log line of a request.
