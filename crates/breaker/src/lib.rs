//! A circuit breaker that hears the end of the stream, and cooldowns by scope.
