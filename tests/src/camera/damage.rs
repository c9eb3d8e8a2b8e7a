//! The damages that a placard must bear, and how bad each may be.

use super::dice::Dice;
use super::scene::{Glare, Scene, Shadow, Stroke, Tear};
use super::sheet::Sheet;

/// How near the camera is: the code's side in pixels, without its quiet zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    pub least: f32,
    pub most: f32,
}

impl Distance {
    /// As a guard holds it: the code fills half of a frame's height or more.
    pub const NEAR: Self = Self { least: 400.0, most: 560.0 };
    /// As a passer-by may: from two to seven pixels a module.
    pub const ANY: Self = Self { least: 170.0, most: 500.0 };
}

/// What befalls a placard, one at a time or together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// Held by hand: nearly straight.
    None,
    /// The whole sheet at an eighth of its print resolution.
    Eighth,
    /// Turned by any angle.
    Turned,
    /// Seen from aside, 30 to 45 degrees.
    Slanted,
    /// Out of focus: a deviation of 0.3 to 0.4 modules.
    Blurred,
    /// JPEG of quality 30.
    Squeezed,
    /// Sun-bleached or printed with an empty cartridge: 30 to 45 shades of 255 between ink and paper.
    Faded,
    /// The sheet's corner beside the code torn off, almost up to the code.
    CornerGone,
    /// The code's own corner torn off: legs of 12 to 18 mm of the one without a finder.
    CodeTorn,
    /// A pen's stroke of 0.8 to 1.2 mm across the code.
    Written,
    /// Light falling off to a third or a quarter across the code.
    Shaded,
    /// A lamp mirrored in the foil: a white spot 10 to 16 mm wide and its fading edge.
    Glare,
    /// A hurried photo: turned, slanted, shaded, a little blurred and noisy, JPEG of quality 60.
    Photo,
    /// A bad day: the photo, faded, written on, JPEG of quality 30.
    BadDay,
}

impl Damage {
    pub const ALL: [Self; 14] = [
        Self::None,
        Self::Eighth,
        Self::Turned,
        Self::Slanted,
        Self::Blurred,
        Self::Squeezed,
        Self::Faded,
        Self::CornerGone,
        Self::CodeTorn,
        Self::Written,
        Self::Shaded,
        Self::Glare,
        Self::Photo,
        Self::BadDay,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "held by hand",
            Self::Eighth => "whole sheet at 1/8",
            Self::Turned => "turned by any angle",
            Self::Slanted => "slanted by 30° to 45°",
            Self::Blurred => "out of focus",
            Self::Squeezed => "JPEG quality 30",
            Self::Faded => "low contrast",
            Self::CornerGone => "sheet's corner torn off",
            Self::CodeTorn => "code's corner torn off",
            Self::Written => "pen stroke across",
            Self::Shaded => "uneven light",
            Self::Glare => "glare",
            Self::Photo => "hurried photo",
            Self::BadDay => "hurried photo, faded, pen stroke",
        }
    }

    /// One scene of this damage. The same dice give the same scene for sheets of one layout.
    pub fn scene(self, sheet: &Sheet, distance: Distance, dice: &mut Dice) -> Scene {
        if self == Self::Eighth {
            let per_mm = 300.0 / 25.4 / 8.0;
            let (width, height) = sheet.size;
            let frame = ((width * per_mm) as u32, (height * per_mm) as u32);
            // A scaler doesn't hit the pixel grid.
            let middle =
                (width / 2.0 + dice.between(-0.3, 0.3), height / 2.0 + dice.between(-0.3, 0.3));
            return Scene { ink: 0.0, paper: 255.0, ..Scene::plain(frame, middle, per_mm) };
        }
        let mut scene = held(sheet, distance, dice);
        let module = scene.per_mm * sheet.code.side / sheet.modules;
        match self {
            Self::None | Self::Eighth => {}
            Self::Turned => scene.roll = dice.between(0.0, 360.0),
            Self::Slanted => slant(&mut scene, dice.between(30.0, 45.0), dice),
            Self::Blurred => scene.blur = module * dice.between(0.3, 0.4),
            Self::Squeezed => scene.jpeg = Some(30),
            Self::Faded => fade(&mut scene, dice),
            Self::CornerGone => scene.tear = Some(sheet_corner(sheet, dice)),
            Self::CodeTorn => scene.tear = Some(code_corner(sheet, dice)),
            Self::Written => scene.stroke = Some(stroke(sheet, dice)),
            Self::Shaded => scene.shadow = Some(shadow(dice.between(0.25, 0.35), dice)),
            Self::Glare => scene.glare = Some(glare(sheet, dice)),
            Self::Photo => photo(&mut scene, module, dice),
            Self::BadDay => {
                photo(&mut scene, module, dice);
                fade(&mut scene, dice);
                scene.paper += 40.0;
                scene.stroke = Some(stroke(sheet, dice));
                scene.jpeg = Some(30);
            }
        }
        scene
    }
}

fn held(sheet: &Sheet, distance: Distance, dice: &mut Dice) -> Scene {
    let per_mm = dice.between(distance.least, distance.most) / sheet.code.side;
    let (x, y) = sheet.code.middle();
    let middle = (x + dice.between(-4.0, 4.0), y + dice.between(-4.0, 4.0));
    Scene {
        roll: dice.between(-4.0, 4.0),
        pitch: dice.between(-4.0, 4.0),
        yaw: dice.between(-4.0, 4.0),
        noise: 2.0,
        jpeg: Some(85),
        seed: (dice.unit() * 1e9) as u64,
        ..Scene::plain((1280, 720), middle, per_mm)
    }
}

fn slant(scene: &mut Scene, degrees: f32, dice: &mut Dice) {
    let (share, signs) = (dice.between(0.0, 90.0).to_radians(), (dice.sign(), dice.sign()));
    scene.pitch = signs.0 * degrees * share.sin();
    scene.yaw = signs.1 * degrees * share.cos();
}

fn fade(scene: &mut Scene, dice: &mut Dice) {
    scene.ink = dice.between(100.0, 125.0);
    scene.paper = scene.ink + dice.between(30.0, 45.0);
}

/// Along a diagonal that stays 2 to 8 mm away from the code's lower left corner.
fn sheet_corner(sheet: &Sheet, dice: &mut Dice) -> Tear {
    let across = (-std::f32::consts::FRAC_1_SQRT_2, std::f32::consts::FRAC_1_SQRT_2);
    let (x, y) = sheet.code.at(0.0, 1.0);
    let from = x * across.0 + y * across.1 + dice.between(2.0, 8.0);
    Tear { across, from }
}

/// From the lower right, where the symbol has no finder.
fn code_corner(sheet: &Sheet, dice: &mut Dice) -> Tear {
    let across = (std::f32::consts::FRAC_1_SQRT_2, std::f32::consts::FRAC_1_SQRT_2);
    let (x, y) = sheet.code.at(1.0, 1.0);
    let leg = dice.between(12.0, 18.0);
    Tear { across, from: x * across.0 + y * across.1 - leg * across.0 }
}

/// From edge to edge through the middle third, at any angle.
fn stroke(sheet: &Sheet, dice: &mut Dice) -> Stroke {
    let (x, y) = sheet.code.at(dice.between(0.33, 0.67), dice.between(0.33, 0.67));
    let (sin, cos) = dice.between(0.0, 180.0).to_radians().sin_cos();
    let half = sheet.code.side * 0.7;
    Stroke {
        from: (x - cos * half, y - sin * half),
        to: (x + cos * half, y + sin * half),
        bend: dice.between(-6.0, 6.0),
        width: dice.between(0.8, 1.2),
    }
}

fn shadow(least: f32, dice: &mut Dice) -> Shadow {
    Shadow { towards: dice.between(0.0, 360.0), least }
}

/// Anywhere but on a finder: there a person moves the phone.
fn glare(sheet: &Sheet, dice: &mut Dice) -> Glare {
    let places = [(0.3, 0.7, 0.3, 0.7), (0.4, 0.6, 0.1, 0.9), (0.4, 0.9, 0.4, 0.9)];
    let (left, right, top, bottom) = places[(dice.unit() * 2.999) as usize];
    let at = sheet.code.at(dice.between(left, right), dice.between(top, bottom));
    // White up to a third of the radius.
    Glare { at, radius: dice.between(15.0, 24.0) }
}

fn photo(scene: &mut Scene, module: f32, dice: &mut Dice) {
    scene.roll = dice.between(-25.0, 25.0);
    slant(scene, dice.between(10.0, 25.0), dice);
    scene.blur = module * dice.between(0.15, 0.3);
    scene.shadow = Some(shadow(dice.between(0.5, 0.8), dice));
    scene.noise = 5.0;
    scene.jpeg = Some(60);
}
