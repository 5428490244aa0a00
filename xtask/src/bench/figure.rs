//! Figures, and the table that they make.

use std::fmt;

/// All figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

/// What one subject spent on one case, once a pass.
#[derive(Debug)]
pub(crate) struct Figure {
    key: Key,
    microseconds: Vec<f64>,
    yardstick: Option<Key>,
    aim: Option<f64>,
}

/// A case and who took it.
type Key = (&'static str, &'static str);

impl Figures {
    pub(crate) fn add(&mut self, case: &'static str, subject: &'static str, microseconds: f64) {
        let key = Figure::key(case, subject);
        match self.0.iter_mut().find(|figure| figure.key == key) {
            Some(figure) => figure.microseconds.push(microseconds),
            None => self.0.push(Figure { key, microseconds: vec![microseconds], yardstick: None, aim: None }),
        }
    }

    /// Divides the figures of `case` by that of `yardstick`; `aim` is whose ratio is to be at most what.
    pub(crate) fn compare(&mut self, case: &str, yardstick: Key, aim: Option<(&str, f64)>) {
        for figure in self.0.iter_mut().filter(|figure| figure.key.0 == case) {
            figure.yardstick = Some(yardstick);
            figure.aim = aim.filter(|(subject, _)| *subject == figure.key.1).map(|(_, aim)| aim);
        }
    }

    fn of(&self, key: Key) -> Option<f64> {
        self.0.iter().find(|figure| figure.key == key).map(|figure| median(&figure.microseconds))
    }
}

impl Figure {
    pub(crate) const fn key(case: &'static str, subject: &'static str) -> Key {
        (case, subject)
    }
}

/// Medians, as a table in Markdown.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| case | through | CPU | beside | ratio | aim |\n| --- | --- | ---: | --- | ---: | ---: |"
        )?;
        for figure in &self.0 {
            let (case, subject) = figure.key;
            let spent = median(&figure.microseconds);
            let yardstick = figure.yardstick.filter(|key| *key != figure.key);
            let beside = yardstick.map_or("", |(other, by)| if other == case { by } else { other });
            let ratio =
                yardstick.and_then(|key| self.of(key)).map(|yardstick| format!("{:.2}", spent / yardstick));
            let aim = figure.aim.map(|aim| format!("≤ {aim}"));
            let (ratio, aim) = (ratio.unwrap_or_default(), aim.unwrap_or_default());
            writeln!(f, "| {case} | {subject} | {spent:.1} µs | {beside} | {ratio} | {aim} |")?;
        }
        Ok(())
    }
}

/// The value in the middle; 0 where there is none.
pub(crate) fn median<T: PartialOrd + Copy + Default>(values: &[T]) -> T {
    let mut values = values.to_vec();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}
