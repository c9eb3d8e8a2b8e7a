//! One look at a sheet, and the frame that comes of it.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, ImageFormat};

use super::dice::Dice;
use super::sheet::Sheet;

/// The wall that a placard hangs on.
const WALL: f32 = 118.0;

/// A straight cut: what lies beyond is gone. `across` is a unit vector.
#[derive(Debug, Clone, Copy)]
pub struct Tear {
    pub across: (f32, f32),
    /// Distance of the cut from the sheet's top left, along `across`, in millimetres.
    pub from: f32,
}

/// A pen's line between two places of the sheet, slightly bent.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    pub from: (f32, f32),
    pub to: (f32, f32),
    pub bend: f32,
    pub width: f32,
}

/// Light that falls off across the code, from 1 to `least`, towards a direction in degrees.
#[derive(Debug, Clone, Copy)]
pub struct Shadow {
    pub towards: f32,
    pub least: f32,
}

/// A lamp mirrored in foil or varnish: white in the middle, fading to its radius.
#[derive(Debug, Clone, Copy)]
pub struct Glare {
    pub at: (f32, f32),
    pub radius: f32,
}

/// Everything between the paper and the file. Places are millimetres on the sheet.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Pixels of the frame.
    pub frame: (u32, u32),
    /// Where the camera looks.
    pub middle: (f32, f32),
    /// Pixels a millimetre there.
    pub per_mm: f32,
    /// Degrees.
    pub roll: f32,
    pub pitch: f32,
    pub yaw: f32,
    /// What black ink and white paper have come to, 0 to 255.
    pub ink: f32,
    pub paper: f32,
    pub tear: Option<Tear>,
    pub stroke: Option<Stroke>,
    pub shadow: Option<Shadow>,
    pub glare: Option<Glare>,
    /// Deviation of the blur in pixels.
    pub blur: f32,
    /// Deviation of the sensor's noise, of 255.
    pub noise: f32,
    /// Quality; a PNG where there is none.
    pub jpeg: Option<u8>,
    /// Of the noise.
    pub seed: u64,
}

/// What a camera hands on: the file, and the shades that a reader sees in it.
#[derive(Debug, Clone)]
pub struct Frame {
    pub file: Vec<u8>,
    pub shades: GrayImage,
}

impl Scene {
    /// Straight on, in good light, in focus.
    pub fn plain(frame: (u32, u32), middle: (f32, f32), per_mm: f32) -> Self {
        Self {
            frame,
            middle,
            per_mm,
            roll: 0.0,
            pitch: 0.0,
            yaw: 0.0,
            ink: 24.0,
            paper: 232.0,
            tear: None,
            stroke: None,
            shadow: None,
            glare: None,
            blur: 0.0,
            noise: 0.0,
            jpeg: None,
            seed: 0,
        }
    }

    pub fn shoot(&self, sheet: &Sheet) -> Frame {
        let shades = self.expose(sheet);
        let picture = DynamicImage::ImageLuma8(shades);
        let mut file = Cursor::new(Vec::new());
        match self.jpeg {
            Some(quality) => picture
                .write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality))
                .expect("a picture in memory can be written"),
            None => picture
                .write_to(&mut file, ImageFormat::Png)
                .expect("a picture in memory can be written"),
        }
        let file = file.into_inner();
        let shades =
            image::load_from_memory(&file).expect("what was written can be read").into_luma8();
        Frame { file, shades }
    }

    fn expose(&self, sheet: &Sheet) -> GrayImage {
        let view = View::of(self);
        let level = sheet.level(self.per_mm);
        let (width, height) = self.frame;
        let mut shades = Vec::with_capacity(width as usize * height as usize);
        for row in 0..height {
            for column in 0..width {
                let seen = view.place(column as f32 + 0.5, row as f32 + 0.5);
                let shade = seen.map_or(WALL, |place| self.shade(sheet, level, place));
                shades.push(shade.clamp(0.0, 255.0) as u8);
            }
        }
        let mut picture =
            GrayImage::from_raw(width, height, shades).expect("the pixels were counted");
        if self.blur > 0.0 {
            picture = image::imageops::blur(&picture, self.blur);
        }
        if self.noise > 0.0 {
            let mut dice = Dice::new(self.seed);
            for pixel in picture.pixels_mut() {
                let noisy = f32::from(pixel.0[0]) + self.noise * dice.noise();
                pixel.0[0] = noisy.clamp(0.0, 255.0) as u8;
            }
        }
        picture
    }

    fn shade(&self, sheet: &Sheet, level: usize, (x, y): (f32, f32)) -> f32 {
        let torn = self.tear.is_some_and(|tear| tear.takes(x, y));
        let mut shade = match sheet.shade(level, x, y).filter(|_| !torn) {
            Some(print) => {
                let written = self.stroke.is_some_and(|stroke| stroke.covers(x, y));
                let print = if written { 0.0 } else { print };
                self.ink + (self.paper - self.ink) * print / 255.0
            }
            None => WALL,
        };
        if let Some(shadow) = self.shadow {
            shade *= shadow.light(sheet, x, y);
        }
        if let Some(glare) = self.glare {
            shade += glare.light(x, y) * 255.0;
        }
        shade
    }
}

impl Tear {
    fn takes(self, x: f32, y: f32) -> bool {
        let along = x * self.across.1 - y * self.across.0;
        // Paper doesn't tear along a ruler.
        let ragged = (along * 0.9).sin() * 0.8 + (along * 2.3).sin() * 0.4;
        x * self.across.0 + y * self.across.1 > self.from + ragged
    }
}

impl Stroke {
    fn covers(self, x: f32, y: f32) -> bool {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let length = dx.hypot(dy).max(0.001);
        let (ux, uy) = (dx / length, dy / length);
        let (px, py) = (x - self.from.0, y - self.from.1);
        let along = px * ux + py * uy;
        let bend = self.bend * (along / length * std::f32::consts::PI).sin();
        let beside = (px * uy - py * ux - bend).abs();
        (0.0..=length).contains(&along) && beside <= self.width / 2.0
    }
}

impl Shadow {
    fn light(self, sheet: &Sheet, x: f32, y: f32) -> f32 {
        let (sin, cos) = self.towards.to_radians().sin_cos();
        let (mx, my) = sheet.code.middle();
        let share = ((x - mx) * cos + (y - my) * sin) / sheet.code.side + 0.5;
        1.0 - (1.0 - self.least) * share.clamp(0.0, 1.0)
    }
}

impl Glare {
    fn light(self, x: f32, y: f32) -> f32 {
        let distance = (x - self.at.0).hypot(y - self.at.1) / self.radius;
        (1.5 - 1.5 * distance).clamp(0.0, 1.0)
    }
}

/// A pinhole camera before a plane: from a pixel to the place that it sees.
struct View {
    centre: (f32, f32),
    focal: f32,
    distance: f32,
    middle: (f32, f32),
    right: [f32; 3],
    down: [f32; 3],
    normal: [f32; 3],
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

impl View {
    fn of(scene: &Scene) -> Self {
        let (width, height) = (scene.frame.0 as f32, scene.frame.1 as f32);
        // A phone's main camera sees about 65 degrees across its longer side.
        let focal = width.max(height) * 0.78;
        let (sin_roll, cos_roll) = scene.roll.to_radians().sin_cos();
        let (sin_pitch, cos_pitch) = scene.pitch.to_radians().sin_cos();
        let (sin_yaw, cos_yaw) = scene.yaw.to_radians().sin_cos();
        let turn = |[x, y, z]: [f32; 3]| {
            let (x, y) = (x * cos_roll - y * sin_roll, x * sin_roll + y * cos_roll);
            let (y, z) = (y * cos_pitch - z * sin_pitch, y * sin_pitch + z * cos_pitch);
            let (x, z) = (x * cos_yaw + z * sin_yaw, z * cos_yaw - x * sin_yaw);
            [x, y, z]
        };
        Self {
            centre: (width / 2.0, height / 2.0),
            focal,
            distance: focal / scene.per_mm,
            middle: scene.middle,
            right: turn([1.0, 0.0, 0.0]),
            down: turn([0.0, 1.0, 0.0]),
            normal: turn([0.0, 0.0, 1.0]),
        }
    }

    /// `None` above the horizon.
    fn place(&self, column: f32, row: f32) -> Option<(f32, f32)> {
        let ray = [(column - self.centre.0) / self.focal, (row - self.centre.1) / self.focal, 1.0];
        let towards = dot(self.normal, ray);
        if towards < 0.05 {
            return None;
        }
        let far = self.normal[2] * self.distance / towards;
        let point = [ray[0] * far, ray[1] * far, ray[2] * far - self.distance];
        Some((self.middle.0 + dot(point, self.right), self.middle.1 + dot(point, self.down)))
    }
}
