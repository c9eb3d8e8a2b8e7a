//! A file system of a few megabytes, to be filled to its last byte.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system in memory. Unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one over a directory.
    ///
    /// # Panics
    /// Where this user may not mount: a test that skips itself proves nothing.
    pub fn mount(at: &Path, megabytes: u64) -> Self {
        std::fs::create_dir_all(at).expect("the directory can be made");
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0700"), "tmpfs"])
            .arg(at)
            .status()
            .expect("there is a program `mount`");
        assert!(status.success(), "a small file system must be mounted: run this test as root");
        Self(at.to_owned())
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Takes every byte that is left.
    pub fn fill(&self) {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(self.filler())
            .expect("the filler can be opened");
        for size in [1 << 20, 4096, 1] {
            let piece = vec![0x5a; size];
            while file.write_all(&piece).is_ok() {}
        }
    }

    /// Gives them back.
    pub fn empty(&self) {
        let _ = std::fs::remove_file(self.filler());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
