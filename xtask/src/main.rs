//! What developers and the continuous integration do with this workspace: `cargo xtask COMMAND`.

mod bench;
mod catalog;
mod catalog_price;
mod ci;
mod debian;
mod features;
mod loom;
mod python;
mod step;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use self::workspace::Workspace;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            step::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), String> {
    match arguments {
        ["test", filters @ ..] => test::run(&Workspace::find()?, filters),
        ["ci"] => ci::run(&Workspace::find()?),
        ["catalog", arguments @ ..] => catalog::run(&Workspace::find()?, arguments),
        ["features"] => features::run(&Workspace::find()?),
        ["loom"] => loom::run(&Workspace::find()?),
        ["bench", cases @ ..] => bench::run(&Workspace::find()?, cases),
        [] | ["help" | "-h" | "--help", ..] => {
            step::say(HELP);
            Ok(())
        }
        [unknown, ..] => Err(format!("there is no task `{unknown}`, or it takes no such argument\n\n{HELP}")),
    }
}

const HELP: &str = "\
cargo xtask COMMAND

  test [FILTER...]   install what the tests need, then run them: all, or those that nextest finds by FILTER
  ci                 everything that a change must pass: format, licences, lints, features, documentation, tests
  features           check each crate on its own, without features and with each of its features alone
  catalog [DATA]     write the catalogue's rows anew from the published data set in the directory DATA
  loom               explore every interleaving of a few threads at the breaker's lock-free part
  bench [CASE...]    measure the gateway beside a bare hyper proxy and nginx, and print the table: all cases, or those
                     whose names contain a CASE

Environment

  BACKSTOP_CORPUS        the directory of recorded provider traffic that the codecs are held against;
                         by default shared/corpus beside the workspace, and nothing where that is not there
  BACKSTOP_CATALOG       the directory of the published data set of models and prices; by default shared/catalog
                         beside the workspace
  BACKSTOP_FUZZ_SECONDS  how long each decoder is fed with arbitrary bytes; 20 in `cargo xtask test`, 1 elsewhere
  BACKSTOP_PYTHON        the Python that has the providers' SDKs; set by `cargo xtask test`
  CARGO_TARGET_DIR       where everything is built and installed; by default target/";
