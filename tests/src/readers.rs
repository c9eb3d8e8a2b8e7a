//! Who reads a code: we, and programs that share no code with us.

use std::path::{Path, PathBuf};
use std::process::Command;

use fugong_common::reader::{PictureLimits, read_picture};

use crate::camera::Frame;

/// Reads frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Ours, as a gate reads the frames of a running camera.
    Gate,
    /// Ours, as a photo that was sent: looked at longer.
    Upload,
    /// `zbarimg` of zbar, written apart from the family of `ZXing`.
    Zbar,
    /// zxing-cpp by its Python package.
    ZxingCpp,
}

impl Reader {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate's camera",
            Self::Upload => "gate's upload",
            Self::Zbar => "zbar",
            Self::ZxingCpp => "zxing-cpp",
        }
    }

    /// The texts in each frame.
    pub fn read(self, frames: &[Frame], scratch: &Path) -> Vec<Vec<String>> {
        match self {
            Self::Gate => ours(frames, &PictureLimits::FRAME),
            Self::Upload => ours(frames, &PictureLimits::UPLOAD),
            Self::Zbar => zbar(&files(frames, scratch)),
            Self::ZxingCpp => zxing_cpp(&files(frames, scratch)),
        }
    }
}

fn ours(frames: &[Frame], limits: &PictureLimits) -> Vec<Vec<String>> {
    frames.iter().map(|frame| read_picture(&frame.file, limits).unwrap_or_default()).collect()
}

/// Plain grey files, which need no picture library: the others read exactly our pixels.
fn files(frames: &[Frame], scratch: &Path) -> Vec<PathBuf> {
    frames
        .iter()
        .enumerate()
        .map(|(at, frame)| {
            let path = scratch.join(format!("{at:05}.pgm"));
            let (width, height) = frame.shades.dimensions();
            let mut file = format!("P5\n{width} {height}\n255\n").into_bytes();
            file.extend_from_slice(frame.shades.as_raw());
            std::fs::write(&path, file).expect("the scratch folder can be written");
            path
        })
        .collect()
}

/// `zbarimg` ends with status 4 where one of its files held nothing.
fn zbar(files: &[PathBuf]) -> Vec<Vec<String>> {
    let output = Command::new("zbarimg")
        .args(["--quiet", "--xml", "-Sdisable", "-Sqrcode.enable"])
        .args(files)
        .output()
        .expect("zbarimg runs: scripts/test installs zbar-tools");
    let xml = String::from_utf8_lossy(&output.stdout);
    assert!(xml.contains("</barcodes>"), "zbarimg: {}", String::from_utf8_lossy(&output.stderr));
    let mut found = vec![Vec::new(); files.len()];
    for source in xml.split("<source href='").skip(1) {
        let (file, rest) = source.split_once('\'').expect("a quoted address");
        let at = files.iter().position(|path| file.ends_with(&*path.to_string_lossy()));
        let texts = rest.split("<![CDATA[").skip(1).filter_map(|text| text.split("]]>").next());
        found[at.expect("one of the files asked for")].extend(texts.map(str::to_owned));
    }
    found
}

/// The interpreter is `FUGONG_ZXING_PYTHON`, one that has the package `zxing-cpp`.
fn zxing_cpp(files: &[PathBuf]) -> Vec<Vec<String>> {
    const SCRIPT: &str = include_str!("readers/zxing_cpp.py");
    let python = std::env::var("FUGONG_ZXING_PYTHON")
        .expect("FUGONG_ZXING_PYTHON names a Python interpreter with the package zxing-cpp");
    let output =
        Command::new(python).args(["-c", SCRIPT]).args(files).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8_lossy(&output.stdout);
    lines.lines().map(|line| serde_json::from_str(line).expect("a list of texts")).collect()
}
