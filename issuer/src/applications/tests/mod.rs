mod bench;
mod machine;
mod pages;
mod quicker;
mod stories;
