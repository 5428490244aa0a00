use std::fmt;

use backstop_catalog::Price;
use backstop_core::{Cost, Usage, Usd};

/// A price, ready for arithmetic: exact dollars a token.
///
/// ```
/// use backstop_catalog::Catalog;
/// use backstop_core::{Cost, Usage};
/// use backstop_cost::Tariff;
///
/// let price = Catalog::bundled().price("openai", "gpt-4.1-mini").unwrap();
/// let tariff = Tariff::new(price).unwrap();
/// let usage = Usage { input: 1_000, cache_read: 200, output: 50, ..Usage::default() };
/// // 1,000 × $0.40 + 200 × $0.10 + 50 × $1.60, each a million.
/// assert_eq!(tariff.cost(&usage, 0), Cost::Known("0.0005".parse().unwrap()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tariff {
    rates: Rates,
    above: Vec<(u64, Rates)>,
    hours: Vec<(u32, u32, Rates)>,
}

/// A price that is no decimal, or has more places than can be counted exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadPrice {
    /// The text that is no price.
    pub text: String,
}

/// Dollars a token; a request. `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rates {
    input: Option<Usd>,
    output: Option<Usd>,
    cache_read: Option<Usd>,
    cache_write: Option<Usd>,
    cache_write_hour: Option<Usd>,
    reasoning: Option<Usd>,
    audio_input: Option<Usd>,
    audio_output: Option<Usd>,
    request: Option<Usd>,
}

impl Tariff {
    /// Reads a price of the catalogue. Its variants (batch, service tiers) are prices of their own: [`Self::variant`].
    ///
    /// # Errors
    ///
    /// The first figure that is not a decimal of at most 18 places.
    pub fn new(price: &Price) -> Result<Self, BadPrice> {
        let rates = Rates::default().changed(price)?;
        let above = price.above.iter().map(|above| Ok((above.tokens, rates.changed(&above.price)?)));
        let hours = price.hours.iter().map(|hours| Ok((hours.from, hours.to, rates.changed(&hours.price)?)));
        Ok(Self { rates, above: above.collect::<Result<_, _>>()?, hours: hours.collect::<Result<_, _>>()? })
    }

    /// The tariff with what `variant` (a price's `batch`, `flex` or `priority`) changes.
    ///
    /// # Errors
    ///
    /// The first figure that is not a decimal of at most 18 places.
    pub fn variant(&self, variant: &Price) -> Result<Self, BadPrice> {
        let rates = self.rates.changed(variant)?;
        let above = if variant.above.is_empty() {
            self.above.iter().map(|(tokens, rates)| Ok((*tokens, rates.changed(variant)?))).collect()
        } else {
            let own = variant.above.iter();
            own.map(|above| Ok((above.tokens, rates.changed(&above.price)?))).collect::<Result<_, _>>()
        };
        Ok(Self { rates, above: above?, hours: Vec::new() })
    }

    /// What `usage` costs in the minute `minute` of the day (UTC, from midnight), which counts for the few providers whose
    /// prices follow the clock.
    ///
    /// The threshold of a tier is that of the whole prompt, cached tokens included, and the tier's price that of every
    /// token. A bucket without a price of its own costs as much as what it is a part of, as on the providers' price
    /// lists: reasoning as output, which is exact; cached and audio tokens as input or output, which is marked as an
    /// estimate. Where not even that is known, the cost is unknown.
    #[must_use]
    pub fn cost(&self, usage: &Usage, minute: u32) -> Cost {
        let rates = self.rates_at(usage.total_input(), minute);
        let mut total = rates.request.unwrap_or(Usd::ZERO);
        let mut exact = !usage.estimated;
        for (count, own, whole) in [
            (usage.input, rates.input, None),
            (usage.output, rates.output, None),
            (usage.reasoning, rates.reasoning.or(rates.output), None),
            (usage.cache_read, rates.cache_read, rates.input),
            (usage.cache_write, rates.cache_write, rates.input),
            (usage.cache_write_hour, rates.cache_write_hour, rates.cache_write.or(rates.input)),
            (usage.audio_input, rates.audio_input, rates.input),
            (usage.audio_output, rates.audio_output, rates.output),
        ] {
            if count == 0 {
                continue;
            }
            let Some(rate) = own.or(whole) else { return Cost::Unknown };
            exact &= own.is_some();
            total = total.plus(rate.times(count));
        }
        if *rates == Rates::default() {
            return Cost::Unknown;
        }
        if exact { Cost::Known(total) } else { Cost::Estimated(total) }
    }

    fn rates_at(&self, prompt: u64, minute: u32) -> &Rates {
        let tier = self.above.iter().rev().find(|(tokens, _)| prompt > *tokens);
        let hour = || self.hours.iter().rev().find(|(from, to, _)| (*from..*to).contains(&minute));
        match tier {
            Some((_, rates)) => rates,
            None => hour().map_or(&self.rates, |(_, _, rates)| rates),
        }
    }
}

impl Rates {
    /// These, with what `price` says.
    fn changed(self, price: &Price) -> Result<Self, BadPrice> {
        let rate = |text: &Option<String>, known: Option<Usd>| match text {
            Some(text) => each(text, MILLION).map(Some),
            None => Ok(known),
        };
        Ok(Self {
            input: rate(&price.input, self.input)?,
            output: rate(&price.output, self.output)?,
            cache_read: rate(&price.cache_read, self.cache_read)?,
            cache_write: rate(&price.cache_write, self.cache_write)?,
            cache_write_hour: rate(&price.cache_write_hour, self.cache_write_hour)?,
            reasoning: rate(&price.reasoning, self.reasoning)?,
            audio_input: rate(&price.audio_input, self.audio_input)?,
            audio_output: rate(&price.audio_output, self.audio_output)?,
            request: price
                .requests
                .as_deref()
                .map_or(Ok(self.request), |text| each(text, 1_000).map(Some))?,
        })
    }
}

fn each(text: &str, parts: u64) -> Result<Usd, BadPrice> {
    let amount = text.parse().ok().and_then(|amount: Usd| amount.split(parts));
    amount.ok_or_else(|| BadPrice { text: text.to_owned() })
}

impl fmt::Display for BadPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no price: write dollars a million tokens, as a decimal of at most 18 places",
            self.text
        )
    }
}

impl std::error::Error for BadPrice {}

const MILLION: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use backstop_catalog::Catalog;

    use super::*;

    fn known(text: &str) -> Cost {
        Cost::Known(text.parse().unwrap())
    }

    fn tariff(json: &str) -> Tariff {
        Tariff::new(&Catalog::read_price(json).unwrap()).unwrap()
    }

    #[test]
    fn tiers_count_for_the_whole_request() {
        let tariff = tariff(
            r#"{"input":"2.5","output":"15","cache_read":"0.25","above":[{"tokens":272000,"price":{"input":"5","output":"22.5","cache_read":"0.5"}}]}"#,
        );
        let usage = |input, cache_read| Usage { input, cache_read, output: 10, ..Usage::default() };
        assert_eq!(tariff.cost(&usage(271_000, 1_000), 0), known("0.6779"));
        assert_eq!(tariff.cost(&usage(271_001, 1_000), 0), known("1.35573"));
    }

    #[test]
    fn what_has_no_price_is_unknown_and_never_nothing() {
        let usage = Usage { input: 1, output: 1, ..Usage::default() };
        assert_eq!(Tariff::default().cost(&usage, 0), Cost::Unknown);
        assert_eq!(Tariff::default().cost(&Usage::default(), 0), Cost::Unknown);
        assert_eq!(tariff(r#"{"input":"1"}"#).cost(&usage, 0), Cost::Unknown);
        assert_eq!(tariff(r#"{"input":"0","output":"0"}"#).cost(&usage, 0), known("0"));
        // Cached tokens of an unknown price cost no more than input.
        let cached = Usage { cache_read: 1_000_000, ..Usage::default() };
        let cost = tariff(r#"{"input":"3"}"#).cost(&cached, 0);
        assert_eq!(cost, Cost::Estimated("3".parse().unwrap()));
        // Reasoning is output.
        let reasoned = Usage { reasoning: 1_000_000, ..Usage::default() };
        assert_eq!(tariff(r#"{"output":"3"}"#).cost(&reasoned, 0), known("3"));
    }

    #[test]
    fn prices_follow_the_clock_where_the_provider_does() {
        let tariff =
            tariff(r#"{"input":"1","output":"1","hours":[{"from":60,"to":240,"price":{"input":"2"}}]}"#);
        let usage = Usage { input: 1_000_000, ..Usage::default() };
        for (minute, dollars) in [(59, "1"), (60, "2"), (239, "2"), (240, "1")] {
            assert_eq!(tariff.cost(&usage, minute), known(dollars), "{minute}");
        }
    }

    #[test]
    fn odd_figures_are_exact_or_refused() {
        let odd = tariff(r#"{"input":"0.041666666666666664"}"#);
        let usage = Usage { input: 3, ..Usage::default() };
        assert_eq!(odd.cost(&usage, 0), known("0.000000124999999999999992"));
        let price = Catalog::read_price(r#"{"input":"free"}"#).unwrap();
        assert_eq!(Tariff::new(&price).unwrap_err().text, "free");
    }
}
