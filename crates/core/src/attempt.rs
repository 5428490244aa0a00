//! What one attempt adds to the caller's request.

use std::{sync::Arc, time::Instant};

use crate::{Edit, Target};

/// What is particular to one attempt. A few words: cloning it never copies the prompt.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    number: u32,
    target: Option<Arc<Target>>,
    deadline: Option<Instant>,
    credential: Option<usize>,
    edits: Option<Arc<Vec<Edit>>>,
}

impl Attempt {
    /// Counted from 1 over the whole request; 0 before the first attempt has begun.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Sets the number.
    pub const fn set_number(&mut self, number: u32) {
        self.number = number;
    }

    /// Where it goes, once a layer has chosen.
    #[must_use]
    pub fn target(&self) -> Option<&Arc<Target>> {
        self.target.as_ref()
    }

    /// Says where it goes.
    pub fn set_target(&mut self, target: Arc<Target>) {
        self.target = Some(target);
    }

    /// When the caller gives up. No attempt, wait or stream goes beyond it.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Brings the deadline forward to `deadline`; a later one changes nothing.
    pub fn tighten_deadline(&mut self, deadline: Instant) {
        self.deadline = Some(self.deadline.map_or(deadline, |known| known.min(deadline)));
    }

    /// Which credential of the provider's pool to use; the provider's first where nobody chose.
    #[must_use]
    pub const fn credential(&self) -> Option<usize> {
        self.credential
    }

    /// Chooses a credential by its place in the provider's pool.
    pub const fn set_credential(&mut self, credential: usize) {
        self.credential = Some(credential);
    }

    /// What to change in the caller's request, in order.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        self.edits.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Notes more changes, behind those already noted.
    pub fn append_edits(&mut self, edits: &Arc<Vec<Edit>>) {
        match &mut self.edits {
            // The usual case, one layer that edits: its list is shared, not copied.
            none @ None => *none = Some(Arc::clone(edits)),
            Some(known) => Arc::make_mut(known).extend(edits.iter().cloned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    #[tokio::test]
    async fn deadlines_only_come_closer_and_edits_add_up() {
        let (mut attempt, now) = (Attempt::default(), clock::now());
        attempt.tighten_deadline(now + Duration::from_secs(5));
        attempt.tighten_deadline(now + Duration::from_secs(9));
        assert_eq!(attempt.deadline(), Some(now + Duration::from_secs(5)));

        let shared = Arc::new(vec![Edit::Model("m".into())]);
        attempt.append_edits(&shared);
        let sibling = attempt.clone();
        attempt.append_edits(&Arc::new(vec![Edit::AppendSystem("be brief".into())]));
        assert_eq!((attempt.edits().len(), sibling.edits().len(), shared.len()), (2, 1, 1));
    }
}
