//! Figures, and the table that they make.

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

#[derive(Debug)]
struct Figure {
    case: &'static str,
    proxy: &'static str,
    microseconds: Vec<f64>,
    p50: Vec<u64>,
    p99: Vec<u64>,
}

impl Figures {
    pub(crate) fn add(&mut self, case: &'static str, proxy: &'static str, microseconds: f64, p50: u64, p99: u64) {
        let at = self.0.iter().position(|figure| figure.case == case && figure.proxy == proxy).unwrap_or_else(|| {
            self.0.push(Figure { case, proxy, microseconds: Vec::new(), p50: Vec::new(), p99: Vec::new() });
            self.0.len() - 1
        });
        let figure = &mut self.0[at];
        figure.microseconds.push(microseconds);
        figure.p50.push(p50);
        figure.p99.push(p99);
    }

    /// Prints the medians; the ratio is to the first proxy of the same case.
    pub(crate) fn print(&self) {
        println!("\n| case | proxy | CPU a request | ratio | p50 | p99 |\n| --- | --- | --- | --- | --- | --- |");
        for figure in &self.0 {
            let spent = median(figure.microseconds.clone());
            let yardstick = self.0.iter().find(|other| other.case == figure.case);
            let ratio = spent / yardstick.map_or(spent, |yardstick| median(yardstick.microseconds.clone()));
            let (p50, p99) = (median(figure.p50.clone()), median(figure.p99.clone()));
            println!("| {} | {} | {spent:.1} µs | {ratio:.2} | {p50} µs | {p99} µs |", figure.case, figure.proxy);
        }
    }
}

fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2]
}
