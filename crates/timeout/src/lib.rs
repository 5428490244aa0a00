//! Every clock of an LLM call, each where its event shows.
