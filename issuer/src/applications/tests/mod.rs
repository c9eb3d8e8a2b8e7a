mod bench;
mod machine;
mod pages;
mod stories;
