//! What every service that wraps another one offers.

/// The three usual ways to the service inside, to be put into an `impl` block. For Backstop's own layers.
#[doc(hidden)]
#[macro_export]
macro_rules! accessors {
    ($field:ident: $inner:ident) => {
        /// The service inside.
        #[must_use]
        pub const fn get_ref(&self) -> &$inner {
            &self.$field
        }

        /// The service inside, to be changed.
        pub const fn get_mut(&mut self) -> &mut $inner {
            &mut self.$field
        }

        /// The service inside, taken out.
        #[must_use]
        pub fn into_inner(self) -> $inner {
            self.$field
        }
    };
}
