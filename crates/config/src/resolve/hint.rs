//! Hints for names that nobody knows.

/// A hint: the known name that comes closest, or all of them, or what else to do.
pub(super) fn choose(wanted: &str, known: &[&str], otherwise: &str) -> String {
    let close = known.iter().find(|name| distance(wanted, name) <= 2);
    match (close, known) {
        (Some(name), _) => format!("did you mean `{name}`?"),
        (None, []) => otherwise.to_owned(),
        (None, known) => format!("{otherwise}, or choose one of `{}`", known.join("`, `")),
    }
}

fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, c) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, &d) in other.iter().enumerate() {
            let cost = diagonal + usize::from(c != d);
            diagonal = row[column + 1];
            row[column + 1] = cost.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
