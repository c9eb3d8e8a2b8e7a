//! The documents name files as they are.

use std::fs;
use std::path::Path;

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

/// Everything between backticks that begins as a path of this workspace does.
fn paths_in(text: &str) -> impl Iterator<Item = &str> {
    let plain = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter(move |path| FOLDERS.iter().any(|folder| path.starts_with(folder)) && plain(path))
}

#[test]
fn every_file_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
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
