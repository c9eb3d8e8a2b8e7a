mod bench;
mod machine;
mod stories;
