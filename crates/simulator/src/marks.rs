//! Marks in a prompt that ask for a certain answer.

/// The marks of a prompt, in order.
#[derive(Debug, Default)]
pub(crate) struct Marks(Vec<Mark>);

#[derive(Debug, PartialEq)]
pub(crate) enum Mark {
    Call { name: String, arguments: Option<String> },
    Tokens(u64),
    Think,
    Refuse,
}

impl Marks {
    /// What stands between `[[` and `]]` in `prompt` and is a mark.
    pub(crate) fn of(prompt: &str) -> Self {
        let mut marks = Vec::new();
        let mut rest = prompt;
        while let Some((_, after)) = rest.split_once("[[") {
            let Some((inside, behind)) = after.split_once("]]") else { break };
            match mark(inside.trim()) {
                Some(mark) => {
                    marks.push(mark);
                    rest = behind;
                }
                None => rest = after,
            }
        }
        Self(marks)
    }

    pub(crate) fn has(&self, mark: &Mark) -> bool {
        self.0.contains(mark)
    }

    pub(crate) fn tokens(&self) -> Option<u64> {
        self.0.iter().find_map(|mark| match mark {
            Mark::Tokens(count) => Some(*count),
            _ => None,
        })
    }

    /// The calls asked for, each with its arguments where the mark has some.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.0.iter().filter_map(|mark| match mark {
            Mark::Call { name, arguments } => Some((name.as_str(), arguments.clone())),
            _ => None,
        })
    }
}

fn mark(inside: &str) -> Option<Mark> {
    let (word, value) = inside.split_once(' ').map_or((inside, ""), |(word, value)| (word, value.trim()));
    match word {
        "call" if !value.is_empty() => {
            let (name, arguments) =
                value.split_once(' ').map_or((value, None), |(name, json)| (name, Some(json)));
            Some(Mark::Call { name: name.to_owned(), arguments: arguments.map(str::to_owned) })
        }
        "tokens" => value.parse().ok().map(Mark::Tokens),
        "think" => Some(Mark::Think),
        "refuse" => Some(Mark::Refuse),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_and_anything_else_is_text() {
        let marks =
            Marks::of("[[call a]] and [[call b {\"x\":[1]}]] [[tokens 7]] [[think]] [[what]] [[refuse");
        let calls: Vec<_> = marks.calls().collect();
        assert_eq!(calls, [("a", None), ("b", Some("{\"x\":[1]}".to_owned()))]);
        assert_eq!(marks.tokens(), Some(7));
        assert!(marks.has(&Mark::Think) && !marks.has(&Mark::Refuse));
        assert!(Marks::of("[[call ]] [[tokens many]]").0.is_empty());
    }
}
