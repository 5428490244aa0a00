//! Why a command could not be done.

use std::{fmt, io, net::SocketAddr, process::ExitCode};

use backstop_config::ConfigErrors;

use crate::stack::BuildError;

/// Why a command could not be done.
#[derive(Debug)]
pub struct CommandError {
    message: String,
    code: u8,
}

impl CommandError {
    pub(super) fn outside(message: String) -> Self {
        Self { message, code: 1 }
    }

    pub(super) fn usage(message: String) -> Self {
        Self { message, code: 2 }
    }

    pub(super) fn listen(address: SocketAddr, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "the port is in use; stop what listens there, or choose another with `--listen`"
            }
            io::ErrorKind::PermissionDenied => "this user may not listen there; choose a port above 1023",
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
            _ => return Self::outside(format!("cannot listen on {address}: {error}")),
        };
        Self::outside(format!("cannot listen on {address}: {hint}"))
    }

    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<ConfigErrors> for CommandError {
    fn from(errors: ConfigErrors) -> Self {
        let lines = errors.to_string();
        let message =
            if errors.errors().len() > 1 { format!("the configuration is wrong:\n{lines}") } else { lines };
        Self::usage(message)
    }
}

impl From<BuildError> for CommandError {
    fn from(error: BuildError) -> Self {
        Self::usage(error.to_string())
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {}
