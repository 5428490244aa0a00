//! Ids that look like the providers' and are functions of a seed.

/// Where the ids of one exchange come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ids {
    seed: u64,
}

impl Ids {
    /// The ids of the `nth` exchange of a simulator with this `seed`.
    pub(crate) fn new(seed: u64, nth: u64) -> Self {
        Self { seed: mix(seed ^ mix(nth)) }
    }

    /// A number for `what`.
    pub(crate) fn number(self, what: &str) -> u64 {
        mix(self.seed ^ hash(what.as_bytes()))
    }

    /// `length` letters and digits for `what`, after `prefix`.
    pub(crate) fn letters(self, prefix: &str, what: &str, length: usize) -> String {
        self.drawn(prefix, what, length, LETTERS)
    }

    /// `length` hexadecimal digits for `what`, after `prefix`.
    pub(crate) fn hex(self, prefix: &str, what: &str, length: usize) -> String {
        self.drawn(prefix, what, length, &LETTERS[..16])
    }

    /// A UUID for `what`.
    pub(crate) fn uuid(self, what: &str) -> String {
        let digits = self.hex("", what, 32);
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        parts.join("-")
    }

    fn drawn(self, prefix: &str, what: &str, length: usize, alphabet: &[u8]) -> String {
        let mut state = self.number(what);
        let mut id = prefix.to_owned();
        for _ in 0..length {
            state = mix(state);
            let at = usize::try_from(state % alphabet.len() as u64).unwrap_or_default();
            id.push(char::from(alphabet[at]));
        }
        id
    }
}

/// FNV-1a, 64 bits: the same on every machine and with every compiler.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// One step of SplitMix64.
fn mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_functions_of_seed_number_and_purpose() {
        let id = |seed, nth, what: &str| Ids::new(seed, nth).letters("call_", what, 24);
        assert_eq!(id(1, 2, "a"), id(1, 2, "a"));
        assert_ne!(id(1, 2, "a"), id(1, 2, "b"));
        assert_ne!(id(1, 2, "a"), id(1, 3, "a"));
        assert_ne!(id(1, 2, "a"), id(2, 2, "a"));
        assert_eq!(id(1, 2, "a").len(), "call_".len() + 24);
        assert!(Ids::new(0, 0).hex("", "x", 32).bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
