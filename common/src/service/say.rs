//! What a command says: on standard output what it was asked for, on standard error everything else.
//!
//! Whoever listens may stop: `issuer key list | head -1` closes the pipe behind the first line. That
//! is no fault and nothing to speak of. What would follow is dropped, and the command goes on to its
//! end, because it may be in the midst of a restore, and a service serves whether it is heard or not.
//! Any other failure, such as a full disk behind `>`, is told at the end, by [`finish`].

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// A line on standard output.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::service::say::line(format_args!($($text)*)) };
}

/// A line on standard error.
#[macro_export]
macro_rules! aside {
    () => { $crate::service::say::aside(format_args!("\n")) };
    ($($text:tt)*) => { $crate::service::say::aside(format_args!("{}\n", format_args!($($text)*))) };
}

/// A stream until it can no longer be written to, and why.
#[derive(Debug)]
struct Stream(OnceLock<io::Error>);

impl Stream {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn write(&self, out: &mut impl Write, text: Arguments<'_>) {
        if self.0.get().is_none()
            && let Err(error) = out.write_fmt(text).and_then(|()| out.flush())
        {
            // The first is the cause.
            let _ = self.0.set(error);
        }
    }

    fn finish(&self) -> Result<(), &io::Error> {
        match self.0.get() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

static OUT: Stream = Stream::new();
static ASIDE: Stream = Stream::new();

/// See [`say!`](crate::say).
pub fn line(text: Arguments<'_>) {
    OUT.write(&mut io::stdout().lock(), format_args!("{text}\n"));
}

/// Standard error, without an end of line: see [`aside!`](crate::aside); and for progress that is
/// rewritten in its place.
pub fn aside(text: Arguments<'_>) {
    ASIDE.write(&mut io::stderr().lock(), text);
}

/// Whether everything was said that anybody would hear.
///
/// # Errors
/// What kept standard output from being written to, other than that nobody listens any more.
pub fn finish() -> Result<(), &'static io::Error> {
    OUT.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then fails.
    struct Failing {
        room: usize,
        kind: ErrorKind,
        taken: Vec<u8>,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.room - self.taken.len();
            if room == 0 {
                return Err(self.kind.into());
            }
            let taken = bytes.len().min(room);
            self.taken.extend(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nothing_more_is_said_once_nobody_listens_and_that_is_no_failure() {
        let stream = Stream::new();
        let mut out = Failing { room: 6, kind: ErrorKind::BrokenPipe, taken: Vec::new() };
        stream.write(&mut out, format_args!("first\n"));
        stream.write(&mut out, format_args!("second\n"));
        out.room = 100;
        stream.write(&mut out, format_args!("third\n"));
        assert_eq!(out.taken, b"first\n");
        assert!(stream.finish().is_ok());
    }

    #[test]
    fn a_disk_that_is_full_is_told_at_the_end() {
        let stream = Stream::new();
        let mut out = Failing { room: 3, kind: ErrorKind::StorageFull, taken: Vec::new() };
        stream.write(&mut out, format_args!("first\n"));
        assert_eq!(stream.finish().unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
