//! Sans-IO codecs between the wire formats of LLM providers and one unified vocabulary.
