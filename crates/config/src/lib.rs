//! The YAML of a gateway: typed, checked, with errors that point at line and column.
