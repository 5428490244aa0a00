//! Text that says one thing over and over: no clock, no I/O, bounded memory.

use crate::Repetition;

/// Follows one text. Holds its last `span` bytes.
#[derive(Debug)]
pub(crate) struct Loop {
    limits: Repetition,
    tail: Vec<u8>,
    /// Bytes since the tail was last looked at.
    fresh: usize,
    pieces: usize,
    /// Whether the text, all of it, may still be one piece over and over.
    suspect: bool,
}

impl Loop {
    pub(crate) const fn new(limits: Repetition) -> Self {
        Self { limits, tail: Vec::new(), fresh: 0, pieces: 0, suspect: true }
    }

    /// More of the text. Gives whether it says one thing over and over now.
    pub(crate) fn push(&mut self, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        self.pieces += 1;
        let bytes = text.as_bytes();
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(self.limits.span)..]);
        let beyond = self.tail.len().saturating_sub(self.limits.span);
        self.tail.drain(..beyond);
        self.fresh = self.fresh.saturating_add(bytes.len());
        if self.suspect {
            self.suspect = self.pieces < 2 || period(&self.tail) <= self.limits.unit.min(self.tail.len() / 2);
        }
        // Looking costs a pass over the tail: not for every token, but often enough to be early.
        let due = self.fresh >= self.limits.span / LOOKS || self.suspect;
        if self.tail.len() < self.limits.span || !due {
            return false;
        }
        self.fresh = 0;
        period(&self.tail) <= self.limits.unit
    }

    /// Whether it is too early to say that the text goes on: it began, and all of it is one piece over and over.
    pub(crate) const fn is_suspect(&self) -> bool {
        self.pieces > 0 && self.suspect
    }
}

/// The length of the shortest piece of which `text` is made, where the last one may be cut short: by the failure
/// function of Knuth, Morris and Pratt.
fn period(text: &[u8]) -> usize {
    let mut borders = vec![0_usize; text.len()];
    let mut border = 0;
    for place in 1..text.len() {
        while border > 0 && text[place] != text[border] {
            border = borders[border - 1];
        }
        if text[place] == text[border] {
            border += 1;
        }
        borders[place] = border;
    }
    text.len() - borders.last().copied().unwrap_or_default()
}

/// A tail is looked at so many times while it passes.
const LOOKS: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// After how many of `pieces` it is a loop.
    fn caught<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Option<usize> {
        let mut text = Loop::new(Repetition::new());
        pieces.into_iter().position(|piece| text.push(piece)).map(|place| place + 1)
    }

    #[test]
    fn periods() {
        for (text, expected) in
            [("", 0), ("a", 1), ("aaaa", 1), ("abab", 2), ("ababa", 2), ("abcd", 4), ("abca", 3)]
        {
            assert_eq!(period(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn one_thing_over_and_over_is_caught_within_the_span() {
        assert_eq!(caught(std::iter::repeat_n("token ", 200)), Some(86), "512 bytes of six");
        assert_eq!(caught([&*"!".repeat(2000)]), Some(1));
        assert_eq!(caught(std::iter::repeat_n("I am sorry, I cannot help. ", 100)), Some(19));
        let late: Vec<_> =
            ["It begins well, and then it says"].into_iter().chain(std::iter::repeat_n(" no", 300)).collect();
        assert!(caught(late.iter().copied()).is_some_and(|at| at < 260));
    }

    #[test]
    fn text_and_tables_are_not() {
        let prose = "Every sentence of this text is another one, though some words come up again and again. ";
        assert_eq!(caught(std::iter::repeat_n(prose, 100)), None, "a piece longer than the unit");
        let numbers: String = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(caught(numbers.split_inclusive('\n')), None);
        let table = format!("| a | b |\n|{}|{}|\n| 1 | 2 |\n", "-".repeat(200), "-".repeat(200));
        assert_eq!(caught(table.split_inclusive('|')), None);
    }

    #[test]
    fn suspicion_ends_with_the_first_thing_that_is_another() {
        let suspect = |pieces: &[&str]| {
            let mut text = Loop::new(Repetition::new());
            pieces.iter().for_each(|piece| {
                text.push(piece);
            });
            text.is_suspect()
        };
        assert!(!suspect(&[]));
        assert!(suspect(&["Hello"]), "one piece says nothing");
        assert!(!suspect(&["Hello", " world"]));
        assert!(suspect(&["no ", "no ", "no "]));
        assert!(!suspect(&["no ", "no ", "no ", "yes"]));
        assert!(!suspect(&["no ", "yes", "yes", "yes", "yes", "yes"]), "once cleared, cleared");
    }

    proptest! {
        #[test]
        fn however_it_is_cut_a_loop_is_caught(unit in "[ -~]{1,40}", size in 1..50_usize) {
            let text = unit.repeat(2048 / unit.len() + 1);
            let pieces = text.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap());
            prop_assert!(caught(pieces).is_some());
        }
    }
}
