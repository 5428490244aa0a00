//! Scripted providers and bodies, and the contract suite that every layer passes.
