//! The words every Backstop layer speaks: calls, answers, failures and what they mean.
