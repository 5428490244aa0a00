//! Durations in buckets, so that percentiles of any span can be put together from hours.
//!
//! Sixteen buckets to each doubling, from 16 µs on: a percentile is at most 3.2 % off, whatever its size.

use std::{collections::BTreeMap, time::Duration};

/// Counts by bucket.
pub(crate) type Buckets = BTreeMap<u64, u64>;

/// The bucket of a duration.
pub(crate) fn bucket(duration: Duration) -> u64 {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(16);
    let shift = u64::from(micros.ilog2()) - 4;
    (shift << 4) | ((micros >> shift) & 15)
}

/// The middle of a bucket.
fn middle(bucket: u64) -> Duration {
    let shift = (bucket >> 4).min(59);
    let low = (16 | (bucket & 15)) << shift;
    Duration::from_micros(low + ((1_u64 << shift) >> 1))
}

/// The percentile `percent` (0 to 100) of what was counted: the least duration that so many do not exceed.
pub(crate) fn percentile(buckets: &Buckets, percent: u64) -> Option<Duration> {
    let all: u64 = buckets.values().sum();
    let wanted = (u128::from(all) * u128::from(percent)).div_ceil(100).max(1);
    let mut seen = 0_u128;
    buckets.iter().find_map(|(bucket, count)| {
        seen += u128::from(*count);
        (seen >= wanted).then(|| middle(*bucket))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_narrow_and_buckets_keep_the_order() {
        let mut last = 0;
        for micros in (16..100_000).chain([600_000_000, 1 << 30, u64::MAX / 2]) {
            let duration = Duration::from_micros(micros);
            let bucket = bucket(duration);
            assert!(bucket >= last, "{micros}");
            last = bucket;
            let off = middle(bucket).as_micros().abs_diff(duration.as_micros());
            assert!(off * 1000 <= duration.as_micros() * 32, "{micros}: {off}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let mut buckets = Buckets::new();
        for millis in 1..=1000 {
            *buckets.entry(bucket(Duration::from_millis(millis))).or_default() += 1;
        }
        for percent in [1, 50, 95, 99, 100] {
            let exact = Duration::from_millis(percent * 10).as_micros();
            let read = percentile(&buckets, percent).unwrap().as_micros();
            assert!(read.abs_diff(exact) * 1000 <= exact * 32, "p{percent}: {read} and not {exact}");
        }
        assert_eq!(percentile(&Buckets::new(), 50), None);
    }
}
