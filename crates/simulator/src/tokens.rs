//! What the simulator calls a token.
//!
//! A token is leading white space and up to [`LONGEST`] characters of a word. It is no provider's tokenizer; it only has
//! to give the same count for the same text, and pieces that add up to the text byte for byte.

/// Splits `text` into its tokens. Together they are the text.
pub(crate) fn split(text: &str) -> Vec<&str> {
    tokens(text).collect()
}

fn tokens(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (token, rest) = text.split_at(end_of_token(text));
        text = rest;
        (!token.is_empty()).then_some(token)
    })
}

/// Where the first token of `text` ends.
fn end_of_token(text: &str) -> usize {
    let mut in_word = false;
    for (nth, (at, char)) in text.char_indices().enumerate() {
        if nth == LONGEST || (in_word && char.is_whitespace()) {
            return at;
        }
        in_word |= !char.is_whitespace();
    }
    text.len()
}

/// Splits JSON text as providers stream it: a few characters at a time, with no regard for its grammar.
pub(crate) fn fragments(json: &str) -> Vec<&str> {
    let mut fragments = Vec::new();
    let (mut start, mut chars) = (0, 0);
    for (at, _) in json.char_indices() {
        if chars == FRAGMENT {
            fragments.push(&json[start..at]);
            (start, chars) = (at, 0);
        }
        chars += 1;
    }
    if start < json.len() {
        fragments.push(&json[start..]);
    }
    fragments
}

/// How many tokens `text` has.
pub(crate) fn count(text: &str) -> u64 {
    tokens(text).count() as u64
}

/// Puts neighbouring pieces together so that no more than `most` remain, each with the number of tokens in it.
pub(crate) fn group(pieces: &[&str], most: usize) -> Vec<(String, u64)> {
    let each = pieces.len().div_ceil(most.max(1)).max(1);
    pieces.chunks(each).map(|chunk| (chunk.concat(), chunk.len() as u64)).collect()
}

/// The characters of the longest token.
const LONGEST: usize = 8;
/// The characters of a fragment of streamed JSON.
const FRAGMENT: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_words_with_their_leading_space() {
        assert_eq!(split("Hello there,  world"), ["Hello", " there,", "  world"]);
        assert_eq!(split("internationalisation"), ["internat", "ionalisa", "tion"]);
        assert_eq!(split(" \n\t"), [" \n\t"]);
        assert!(split("").is_empty());
    }

    #[test]
    fn pieces_add_up_to_the_text() {
        for text in ["", "a b c", "  \u{1F600}\u{1F600} ümläut  ", "{\"a\":\"b c\"}"] {
            assert_eq!(split(text).concat(), text);
            assert_eq!(fragments(text).concat(), text);
            let grouped = group(&split(text), 2);
            assert!(grouped.len() <= 2);
            assert_eq!(grouped.iter().map(|(piece, _)| piece.as_str()).collect::<String>(), text);
            assert_eq!(grouped.iter().map(|(_, tokens)| tokens).sum::<u64>(), count(text));
        }
    }
}
