//! A server that speaks provider dialects like the real ones, with faults.
