//! What happens to a placard between the printer and the reader: weather, hands, pens, lamps,
//! lenses, compression. Every frame follows from its seed.
//!
//! A [`Sheet`] is a rasterised page. A [`Scene`] is one look at it: what was done to the paper, how
//! it is lit, how the camera is held. [`Damage`] draws scenes of one kind from [`Dice`].
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixels: places and shades are computed as floats and kept within their ranges"
)]

mod damage;
mod dice;
pub mod papers;
mod scene;
mod sheet;

pub use damage::{Damage, Distance};
pub use dice::Dice;
pub use scene::{Frame, Scene};
pub use sheet::{Code, Sheet};
