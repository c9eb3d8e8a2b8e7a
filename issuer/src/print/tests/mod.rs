mod batch;
mod faces;
mod glyphs;
mod qr_codes;
mod reading;
mod samples;
mod tiny_font;
mod wrapping;
