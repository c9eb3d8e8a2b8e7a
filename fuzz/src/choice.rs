//! One binary for several targets: linking one each would take longer than running them.

use std::sync::OnceLock;

pub type Target = fn(&[u8]);

static CHOSEN: OnceLock<Target> = OnceLock::new();

/// Takes the target that `FUZZ_TARGET` names.
pub fn choose(targets: &[(&str, Target)]) {
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let Some((_, target)) = targets.iter().find(|(name, _)| *name == wanted) else {
        for (name, _) in targets {
            println!("{name}");
        }
        std::process::exit(if wanted == "list" { 0 } else { 2 });
    };
    CHOSEN.get_or_init(|| *target);
}

pub fn run(data: &[u8]) {
    if let Some(target) = CHOSEN.get() {
        target(data);
    }
}
