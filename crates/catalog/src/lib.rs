//! Models, windows, capabilities and prices, as data.
