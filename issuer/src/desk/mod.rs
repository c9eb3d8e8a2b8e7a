//! The to-do page: what waits for the signed-in person, by class and age (domain A21, A37).

pub mod pages;
mod store;
mod words;
