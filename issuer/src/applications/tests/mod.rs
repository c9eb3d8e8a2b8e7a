mod bench;
mod elsewhere;
mod machine;
mod pages;
mod quicker;
mod stories;
