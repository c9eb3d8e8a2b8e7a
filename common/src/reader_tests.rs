use super::*;
use image::{Luma, Rgba, RgbaImage, imageops};
use qrcode::{EcLevel, QrCode};

/// As long as a placard's text.
fn placard() -> String {
    format!("https://permits.example.cn/v/{}", "31415926535897932384626433".repeat(17))
}

/// The text as a code of `module` pixels a module with the standard's quiet zone.
fn drawn(text: &str, module: u32) -> GrayImage {
    let code = QrCode::with_error_correction_level(text, EcLevel::Q).unwrap();
    let side = u32::try_from(code.width()).unwrap();
    let mut picture = GrayImage::from_pixel((side + 8) * module, (side + 8) * module, Luma([245]));
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        let at = u32::try_from(at).unwrap();
        if colour == qrcode::Color::Dark {
            for dy in 0..module {
                for dx in 0..module {
                    let (x, y) = ((at % side + 4) * module + dx, (at / side + 4) * module + dy);
                    picture.put_pixel(x, y, Luma([20]));
                }
            }
        }
    }
    picture
}

/// On a grey sheet, turned by so many degrees about its middle.
fn turned(picture: &GrayImage, degrees: f32, sheet: (u32, u32)) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let middle = |length: u32| f32::from(u16::try_from(length).unwrap()) / 2.0;
    GrayImage::from_fn(sheet.0, sheet.1, |x, y| {
        let (dx, dy) = (middle(2 * x) - middle(sheet.0), middle(2 * y) - middle(sheet.1));
        let x = cos * dx + sin * dy + middle(picture.width());
        let y = cos * dy - sin * dx + middle(picture.height());
        imageops::interpolate_bilinear(picture, x, y).unwrap_or(Luma([170]))
    })
}

fn png(picture: &GrayImage) -> Vec<u8> {
    saved(&DynamicImage::ImageLuma8(picture.clone()), ImageFormat::Png)
}

fn saved(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn read(bytes: &[u8]) -> Result<Vec<String>, PictureError> {
    read_picture(bytes, &PictureLimits::UPLOAD)
}

#[test]
fn a_placard_is_read_from_png_and_jpeg() {
    let picture = drawn(&placard(), 4);
    assert_eq!(read(&png(&picture)), Ok(vec![placard()]));
    let jpeg = saved(&DynamicImage::ImageLuma8(picture), ImageFormat::Jpeg);
    assert_eq!(read_picture(&jpeg, &PictureLimits::FRAME), Ok(vec![placard()]));
}

#[test]
fn a_code_held_at_any_angle_is_read() {
    let picture = drawn(&placard(), 5);
    for degrees in [7.0, 31.0, 45.0, 90.0, 163.0, 180.0, 270.0] {
        let frame = png(&turned(&picture, degrees, (1280, 720)));
        let read = read_picture(&frame, &PictureLimits::FRAME);
        assert_eq!(read, Ok(vec![placard()]), "{degrees} degrees");
    }
}

#[test]
fn tiny_codes_large_photos_and_blur_are_read() {
    for module in [1, 2, 9] {
        assert_eq!(read(&png(&drawn(&placard(), module))), Ok(vec![placard()]), "{module} pixels");
    }
    let mut large = GrayImage::from_pixel(4032, 3024, Luma([150]));
    imageops::overlay(&mut large, &drawn(&placard(), 30), 900, 300);
    let jpeg = saved(&DynamicImage::ImageLuma8(large), ImageFormat::Jpeg);
    assert_eq!(read(&jpeg), Ok(vec![placard()]));
    let blurred = imageops::blur(&drawn(&placard(), 8), 4.0);
    assert_eq!(read(&png(&blurred)), Ok(vec![placard()]));
}

#[test]
fn light_on_dark_tight_crops_and_transparent_paper_are_read() {
    let mut inverted = drawn(&placard(), 4);
    imageops::invert(&mut inverted);
    assert_eq!(read(&png(&inverted)), Ok(vec![placard()]));
    let whole = drawn(&placard(), 4);
    let side = whole.width() - 32;
    let tight = imageops::crop_imm(&whole, 16, 16, side, side).to_image();
    assert_eq!(read(&png(&tight)), Ok(vec![placard()]));
    let clear = RgbaImage::from_fn(whole.width(), whole.height(), |x, y| {
        Rgba([0, 0, 0, if whole.get_pixel(x, y).0[0] < 128 { 255 } else { 0 }])
    });
    let clear = saved(&DynamicImage::ImageRgba8(clear), ImageFormat::Png);
    assert_eq!(read(&clear), Ok(vec![placard()]));
}

#[test]
fn two_codes_in_one_picture_are_both_found_and_equal_ones_once() {
    let (first, second) = (drawn(&placard(), 4), drawn("FG1:27182818284590452353602874713", 6));
    let mut sheet = GrayImage::from_pixel(1200, 700, Luma([235]));
    imageops::overlay(&mut sheet, &first, 40, 60);
    imageops::overlay(&mut sheet, &second, 760, 200);
    let mut texts = read_picture(&png(&sheet), &PictureLimits::FRAME).unwrap();
    texts.sort();
    assert_eq!(texts, ["FG1:27182818284590452353602874713".to_owned(), placard()]);

    let mut sheet = GrayImage::from_pixel(1200, 700, Luma([235]));
    imageops::overlay(&mut sheet, &first, 40, 60);
    imageops::overlay(&mut sheet, &first, 640, 60);
    assert_eq!(read(&png(&sheet)), Ok(vec![placard()]));
}

/// A sound PNG header (signature, IHDR with its checksum) that claims a size, then nothing.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 6, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&chunk);
    let mut out = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    out.extend(chunk);
    out.extend(crc.sum().to_be_bytes());
    // The start of the picture data, at which a decoder has the header behind it.
    out.extend(b"\0\0\0\x10IDAT");
    out.extend([0; 16]);
    out
}

#[test]
fn a_header_that_claims_a_hundred_megapixels_is_refused_by_its_claim() {
    let claim = png_header(10_000, 10_000);
    let refused = PictureError::TooManyPixels { width: 10_000, height: 10_000, limit: 12 << 20 };
    assert_eq!(read(&claim), Err(refused));
    let frame = png_header(1921, 600);
    let refused = PictureError::TooManyPixels { width: 1921, height: 600, limit: 1920 * 1080 };
    assert_eq!(read_picture(&frame, &PictureLimits::FRAME), Err(refused));
    // Within the limits the same bytes get as far as their missing pixels.
    assert_eq!(read(&png_header(100, 100)), Err(PictureError::NotAPicture));
}

#[test]
fn too_many_bytes_garbage_and_pictures_without_a_code_are_told_apart() {
    let long = vec![0; (1 << 20) + 1];
    assert_eq!(
        read_picture(&long, &PictureLimits::FRAME),
        Err(PictureError::TooManyBytes { bytes: (1 << 20) + 1, limit: 1 << 20 })
    );
    for garbage in
        [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\nnonsense", b"\xff\xd8\xff\xe0oops", &[7; 500]]
    {
        assert_eq!(read(garbage), Err(PictureError::NotAPicture), "{garbage:?}");
    }
    let whole = png(&drawn(&placard(), 4));
    assert_eq!(read(&whole[..whole.len() / 2]), Err(PictureError::NotAPicture));
    let blank = png(&GrayImage::from_pixel(640, 480, Luma([200])));
    assert_eq!(read(&blank), Err(PictureError::NothingFound));
    assert_eq!(read(&png(&GrayImage::new(1, 1))), Err(PictureError::NothingFound));
}

#[test]
fn noise_neither_crashes_nor_reads_as_something() {
    let mut state = 1_u32;
    let noise = GrayImage::from_fn(640, 480, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Luma([state.to_be_bytes()[0]])
    });
    assert_eq!(read(&png(&noise)), Err(PictureError::NothingFound));
}

#[test]
fn every_refusal_says_in_both_languages_what_to_do() {
    let errors = [
        PictureError::TooManyBytes { bytes: 2, limit: 1 << 20 },
        PictureError::TooManyPixels { width: 5, height: 6, limit: 7 },
        PictureError::NotAPicture,
        PictureError::NothingFound,
    ];
    for error in errors {
        let (zh, en) = (error.say(Lang::Zh), error.say(Lang::En));
        let pairs = [("", &*zh, &*en)];
        assert_eq!(crate::words::faults(&pairs), Vec::<String>::new(), "{}", error.code());
    }
}
