//! One owner of retries: budget, jitter, Retry-After.
