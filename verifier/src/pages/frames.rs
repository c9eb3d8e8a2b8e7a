//! Reading pictures in a bounded pool of its own, so that cameras never take a scan's place.
//!
//! A frame that finds no free place is dropped at once: the next one is on its way. A photo waits,
//! because somebody took it on purpose.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use fugong_common::lang::Lang;
use fugong_common::reader::{PictureError, PictureLimits, read_picture};
use fugong_common::service::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Largest camera frame (design §3).
pub const FRAME_BYTES: usize = 1 << 20;

/// Frames read at the same time. A frame takes some ten milliseconds, so that two places serve a
/// dozen browsers at a few frames a second.
const FRAME_PLACES: usize = 2;
const PHOTO_PLACES: usize = 1;
/// How long a photo waits for its place.
const PHOTO_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct Frames {
    frame_places: Arc<Semaphore>,
    photo_places: Arc<Semaphore>,
    /// Browsers whose frame is being read: each has one at a time.
    reading: Arc<Mutex<HashSet<i64>>>,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            frame_places: Arc::new(Semaphore::new(FRAME_PLACES)),
            photo_places: Arc::new(Semaphore::new(PHOTO_PLACES)),
            reading: Arc::default(),
        }
    }
}

/// A place in the pool; given back when dropped.
#[derive(Debug)]
struct Place {
    pair: i64,
    reading: Arc<Mutex<HashSet<i64>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.pair);
    }
}

impl Frames {
    /// All QR texts in a camera frame; an empty list where there is none.
    ///
    /// # Errors
    /// No place free, or no picture.
    pub async fn frame(&self, pair: i64, bytes: Bytes) -> Result<Vec<String>, Problem> {
        let place = self.place(pair).ok_or_else(busy)?;
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            read_picture(&bytes, &PictureLimits::FRAME)
        });
        match read.await.map_err(Problem::internal)? {
            Ok(texts) => Ok(texts),
            Err(PictureError::NothingFound) => Ok(Vec::new()),
            Err(error) => Err(refused(&error)),
        }
    }

    /// All QR texts in a photo.
    ///
    /// # Errors
    /// No place free for too long, no picture, or no code in it.
    pub async fn photo(&self, bytes: Bytes) -> Result<Vec<String>, Problem> {
        let waiting =
            tokio::time::timeout(PHOTO_PATIENCE, Arc::clone(&self.photo_places).acquire_owned());
        let permit = waiting.await.map_err(|_| busy())?.map_err(Problem::internal)?;
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read_picture(&bytes, &PictureLimits::UPLOAD)
        });
        read.await.map_err(Problem::internal)?.map_err(|error| refused(&error))
    }

    fn place(&self, pair: i64) -> Option<Place> {
        let permit = Arc::clone(&self.frame_places).try_acquire_owned().ok()?;
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.insert(pair).then(|| Place {
            pair,
            reading: Arc::clone(&self.reading),
            _permit: permit,
        })
    }
}

fn busy() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "frames_busy",
        ("读取画面的请求过多", "Too many pictures at once"),
    )
    .detail(("请稍候，下一帧会自动读取。", "Wait a moment; the next one is read by itself."))
    .retry_after(1)
}

fn refused(error: &PictureError) -> Problem {
    let status = match error {
        PictureError::TooManyBytes { .. } | PictureError::TooManyPixels { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        PictureError::NotAPicture => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        PictureError::NothingFound => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, error.code(), ("照片无法读取", "The picture could not be read"))
        .detail((error.say(Lang::Zh), error.say(Lang::En)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_has_one_frame_at_a_time_and_all_together_have_two() {
        let frames = Frames::default();
        let first = frames.place(1);
        assert!(first.is_some());
        assert!(frames.place(1).is_none(), "the first browser's second frame");
        let second = frames.place(2);
        assert!(second.is_some());
        assert!(frames.place(3).is_none(), "no third place");
        drop(first);
        assert!(frames.place(3).is_some(), "a place that was given back");
        assert!(frames.place(1).is_some());
    }

    #[tokio::test]
    async fn what_is_no_picture_is_refused_and_its_place_is_free_again() {
        let frames = Frames::default();
        for _ in 0..5 {
            let problem = frames.frame(1, Bytes::from_static(b"GIF89a")).await.unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (415, "not_a_picture"));
        }
    }

    #[tokio::test]
    async fn a_crowd_of_frames_never_holds_up_a_photo() {
        let frames = Frames::default();
        let _held = (frames.place(1), frames.place(2));
        let problem = frames.frame(3, Bytes::new()).await.unwrap_err();
        assert_eq!(problem.code(), "frames_busy");
        let photo = tokio::time::timeout(Duration::from_secs(5), frames.photo(Bytes::new())).await;
        assert_eq!(photo.unwrap().unwrap_err().code(), "not_a_picture");
    }

    #[tokio::test]
    async fn an_empty_picture_is_no_failure_of_the_camera() {
        let mut png = std::io::Cursor::new(Vec::new());
        image::GrayImage::new(64, 48).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let found = Frames::default().frame(1, Bytes::from(png.into_inner())).await.unwrap();
        assert_eq!(found, Vec::<String>::new());
    }
}
