//! The settings' home, and how far a division's set-up has come.

pub mod pages;
mod set_up;
#[cfg(test)]
mod tests;
mod words;
