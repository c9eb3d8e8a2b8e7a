//! A TrueType font with one character, U+20BB7 𠮷, drawn as a square: an extra-fonts folder without
//! a font of others.

/// Bytes of a font that `ttf-parser`, `skrifa` and a printer accept.
pub fn with_20bb7() -> Vec<u8> {
    let words = |words: &[i32]| {
        words
            .iter()
            .flat_map(|&word| u16::try_from(word & 0xffff).unwrap().to_be_bytes())
            .collect::<Vec<u8>>()
    };
    let longs =
        |longs: &[u32]| longs.iter().flat_map(|long| long.to_be_bytes()).collect::<Vec<u8>>();

    // One contour of four points, all on the curve, coordinates as words.
    let mut square = words(&[1, 100, 0, 900, 800, 3, 0]);
    square.extend([1, 1, 1, 1]);
    square.extend(words(&[100, 800, 0, -800, 0, 0, 800, 0]));
    let glyph_length = u32::try_from(square.len()).unwrap();

    let mut head = longs(&[0x0001_0000, 0x0001_0000, 0, 0x5f0f_3cf5]);
    head.extend(words(&[0x000b, 1000]));
    head.extend([0; 16]);
    head.extend(words(&[100, 0, 900, 800, 0, 8, 2, 1, 0]));

    let hhea = [
        longs(&[0x0001_0000]),
        words(&[880, -120, 0, 1000, 0, 0, 1000, 1, 0, 0, 0, 0, 0, 0, 0, 2]),
    ]
    .concat();
    let maxp = [longs(&[0x0001_0000]), words(&[2, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])].concat();
    let hmtx = words(&[1000, 0, 1000, 100]);
    let loca = longs(&[0, 0, glyph_length]);
    let mut cmap = words(&[0, 1, 3, 10]);
    cmap.extend(longs(&[12]));
    cmap.extend(words(&[12, 0]));
    cmap.extend(longs(&[28, 0, 1, 0x2_0bb7, 0x2_0bb7, 1]));
    let family: Vec<u8> = "Tiny".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut name = words(&[0, 3, 6 + 3 * 12]);
    for id in [1, 4, 6] {
        name.extend(words(&[3, 1, 0x409, id, 8, 0]));
    }
    name.extend(family);
    let post = longs(&[0x0003_0000, 0, 0, 0, 0, 0, 0, 0]);

    file(&[
        (b"cmap", cmap),
        (b"glyf", square),
        (b"head", head),
        (b"hhea", hhea),
        (b"hmtx", hmtx),
        (b"loca", loca),
        (b"maxp", maxp),
        (b"name", name),
        (b"post", post),
    ])
}

fn file(tables: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut directory =
        vec![0, 1, 0, 0, 0, u8::try_from(tables.len()).unwrap(), 0, 128, 0, 3, 0, 16];
    let mut body = Vec::new();
    let start = directory.len() + tables.len() * 16;
    for (tag, bytes) in tables {
        directory.extend(*tag);
        directory.extend([0; 4]);
        directory.extend(u32::try_from(start + body.len()).unwrap().to_be_bytes());
        directory.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    directory.extend(body);
    directory
}
