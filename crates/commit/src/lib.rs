//! Holds an answer back until its first real token, so that everything earlier can still fall over.
