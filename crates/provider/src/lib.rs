//! The leaf: a hyper client with TLS, pool, connect timeout and credentials.
