//! `cargo xtask bench`: what the gateway costs, beside a bare hyper proxy and nginx, in one run.
//!
//! All three stand before the same upstream of fixed bytes and are asked by the same closed loop. The proxy under test
//! has one core, upstream and callers the other. Each figure is CPU time of the proxy's process a request, from the
//! kernel's own account (`/proc/PID/task/*/schedstat`, nanoseconds on a core), the median of interleaved passes.

mod figure;
mod load;
mod nginx;
mod process;
mod proxy;

use std::path::Path;

use self::{
    figure::Figures,
    load::{CASES, Case},
    process::Running,
    proxy::Proxy,
};

/// How often every proxy takes every case. Odd, so that a median is a measured value.
const PASSES: usize = 3;

/// Runs the measurement and prints a table in Markdown.
///
/// # Errors
///
/// What is missing or went wrong, in a sentence.
pub(crate) fn run(root: &Path, target: &Path) -> Result<(), String> {
    let binaries = process::build(root, target)?;
    let directory = target.join("bench");
    std::fs::create_dir_all(&directory).map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
    let _upstream = Running::start("upstream", binaries.join("bench-upstream"), &[proxy::UPSTREAM], process::REST)?;
    let proxies = proxy::all(&binaries, &directory)?;
    let mut figures = Figures::default();
    for pass in 1..=PASSES {
        for case in CASES {
            for proxy in &proxies {
                measure(pass, case, proxy, &binaries, &mut figures)?;
            }
        }
    }
    figures.print();
    Ok(())
}

fn measure(pass: usize, case: &Case, proxy: &Proxy, binaries: &Path, figures: &mut Figures) -> Result<(), String> {
    // Connections and pools are warm when the clock starts.
    case.load(binaries, proxy.address, case.warm_up())?;
    let before = proxy.process.cpu_nanoseconds()?;
    let load = case.load(binaries, proxy.address, case.requests)?;
    let spent = proxy.process.cpu_nanoseconds()? - before;
    let microseconds = spent as f64 / load.requests as f64 / 1000.0;
    println!(
        "pass {pass}, {}, {}: {microseconds:.1} µs of CPU a request, p50 {} µs, p99 {} µs",
        case.name, proxy.name, load.p50, load.p99
    );
    figures.add(case.name, proxy.name, microseconds, load.p50, load.p99);
    Ok(())
}
