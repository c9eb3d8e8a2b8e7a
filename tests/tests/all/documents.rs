//! The documents name files as they are.

use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 9] = [
    "common/",
    "issuer/",
    "verifier/",
    "quickstart/",
    "tests/",
    "docs/",
    "scripts/",
    "migrations/",
    "fuzz/",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What of it begins as a path of this workspace does.
fn paths_in(text: &str) -> impl Iterator<Item = &str> {
    let plain = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    quoted(text)
        .filter(move |path| FOLDERS.iter().any(|folder| path.starts_with(folder)) && plain(path))
}

/// Every Rust file of a folder, with what it says.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

#[test]
fn every_file_that_a_document_names_exists() {
    let root = root();
    let documents = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let (mut named, mut missing) = (0, Vec::new());
    for document in documents.chain([root.join("README.md")]) {
        if document.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&document).unwrap();
        for path in paths_in(&text) {
            named += 1;
            if !root.join(path).exists() {
                missing.push(format!("{}: {path}", document.display()));
            }
        }
    }
    assert!(named > 100, "{named} paths were found");
    assert_eq!(missing, Vec::<String>::new());
}

/// What people may rely on is shown by files and tests that are there.
#[test]
fn every_test_that_a_claim_names_exists() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, claims) = readme.split_once("## What you can rely on").unwrap();
    let (claims, _) = claims.split_once("\n## ").unwrap();
    let mut all = Vec::new();
    for folder in ["common", "issuer", "verifier", "tests"] {
        sources(&root().join(folder), &mut all);
    }
    let (mut named, mut missing) = (0, Vec::new());
    let is_file = |name: &str| Path::new(name).extension().is_some_and(|kind| kind == "rs");
    for name in quoted(claims).filter(|name| is_file(name) || name.contains('_')) {
        if name.contains(' ') {
            continue;
        }
        named += 1;
        let a_test = format!("fn {name}(");
        let is_there = all.iter().any(|(path, text)| {
            let folder = path.parent().is_some_and(|folder| folder.ends_with(name));
            folder || path.ends_with(name) || text.contains(&a_test)
        });
        if !is_there {
            missing.push(name);
        }
    }
    assert!(named > 20, "{named} were found");
    assert_eq!(missing, Vec::<&str>::new());
}
