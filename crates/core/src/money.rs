//! Money: exact amounts, and how well a cost is known.

use std::{fmt, iter::Sum, str::FromStr};

/// An amount of US dollars, exact: a whole number of 10⁻²⁴ dollars.
///
/// An integer and not a decimal of floating scale: a price per million tokens with eighteen decimals is a whole number of
/// them per token, so no product and no sum of ours ever rounds, and there is nothing to configure. No float is read
/// or written. Sums saturate at 3 · 10¹⁴ dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u128);

/// What something cost, and how well that is known. Unknown is never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every ledger and report must tell all of them apart")]
pub enum Cost {
    /// No price or no usage is known.
    #[default]
    Unknown,
    /// From a price and the usage that the provider reported.
    Known(Usd),
    /// From a price and our own estimate of the usage.
    Estimated(Usd),
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// `yoctos` times 10⁻²⁴ dollars.
    #[must_use]
    pub const fn from_yoctos(yoctos: u128) -> Self {
        Self(yoctos)
    }

    /// The amount in 10⁻²⁴ dollars.
    #[must_use]
    pub const fn yoctos(self) -> u128 {
        self.0
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// This much for each of `count`.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count as u128))
    }

    /// One `parts`th, where that is a whole number of 10⁻²⁴ dollars; `None` where it is not.
    #[must_use]
    pub const fn split(self, parts: u64) -> Option<Self> {
        let parts = parts as u128;
        match self.0.checked_rem(parts) {
            Some(0) => Some(Self(self.0 / parts)),
            _ => None,
        }
    }
}

impl Cost {
    /// The amount, known or estimated.
    #[must_use]
    pub const fn usd(self) -> Option<Usd> {
        match self {
            Self::Unknown => None,
            Self::Known(usd) | Self::Estimated(usd) => Some(usd),
        }
    }

    /// Whether the amount is an estimate.
    #[must_use]
    pub const fn is_estimated(self) -> bool {
        matches!(self, Self::Estimated(_))
    }

    /// Both together: unknown as soon as one is, an estimate as soon as one is.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(one), Self::Known(two)) => Self::Known(one.plus(two)),
            (Self::Known(one) | Self::Estimated(one), Self::Known(two) | Self::Estimated(two)) => {
                Self::Estimated(one.plus(two))
            }
        }
    }

    /// `known`, `estimated` or `unknown`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Known(_) => "known",
            Self::Estimated(_) => "estimated",
        }
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

/// All digits that there are, and no more: `0.00042`, `3`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:024}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// Decimal text of at most 24 places, without sign or exponent. Nothing is rounded.
impl FromStr for Usd {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(NotAnAmount);
        }
        let fraction = fraction.trim_end_matches('0');
        let places =
            u32::try_from(fraction.len()).ok().filter(|places| *places <= PLACES).ok_or(NotAnAmount)?;
        let whole: u128 = whole.parse().map_err(|_| NotAnAmount)?;
        let fraction: u128 =
            if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| NotAnAmount)? };
        let yoctos = whole.checked_mul(ONE).ok_or(NotAnAmount)?;
        let small = fraction * 10_u128.pow(PLACES - places);
        yoctos.checked_add(small).map(Self).ok_or(NotAnAmount)
    }
}

/// Text that is no amount of dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotAnAmount;

impl fmt::Display for NotAnAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an amount of dollars: write a decimal without sign and exponent, of at most 24 places",
        )
    }
}

impl std::error::Error for NotAnAmount {}

const PLACES: u32 = 24;
const ONE: u128 = 1_000_000_000_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    #[test]
    fn text_and_amount_are_one() {
        for text in
            ["0", "3", "0.1", "0.000000000000000000000001", "12.5", "340282366920938.4", "340282366920939"]
        {
            let read: Result<Usd, _> = text.parse();
            match read {
                Ok(read) => assert_eq!(read.to_string(), text),
                Err(error) => assert_eq!(text, "340282366920939", "{error}"),
            }
        }
        assert_eq!(usd("1.50"), usd("1.5"));
        assert_eq!(usd("0.1").plus(usd("0.2")), usd("0.3"));
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0.0000000000000000000000001", "1,5", "٣"] {
            assert_eq!(text.parse::<Usd>(), Err(NotAnAmount), "{text}");
        }
    }

    #[test]
    fn parts_are_exact_or_none() {
        assert_eq!(usd("0.0375").split(1_000_000), Some(usd("0.0000000375")));
        assert_eq!(usd("0.000000000000000000000001").split(10), None);
        assert_eq!(usd("1").split(0), None);
        assert_eq!(usd("0.0000000375").times(1_000_000), usd("0.0375"));
    }

    #[test]
    fn what_is_unknown_stays_unknown() {
        let (known, guessed) = (Cost::Known(usd("1")), Cost::Estimated(usd("2")));
        assert_eq!(known.plus(known), Cost::Known(usd("2")));
        assert_eq!(known.plus(guessed), Cost::Estimated(usd("3")));
        assert_eq!(known.plus(Cost::Unknown), Cost::Unknown);
        assert_eq!((Cost::Unknown.usd(), Cost::default().label()), (None, "unknown"));
    }
}
