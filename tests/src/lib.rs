//! Whole-system tests: see the test binaries beside this file.
