use super::*;
use crate::entropy::SeededEntropy;
use proptest::prelude::*;

#[test]
fn a_serial_is_printed_in_three_groups_behind_its_prefix() {
    assert_eq!(Serial([0; 8]).to_string(), "FG-00000-00000-00000");
    // 2^64 - 1 leaves 432 = 13 * 32 + 16 when divided by 1021: D and G.
    assert_eq!(Serial([0xff; 8]).to_string(), "FG-FZZZZ-ZZZZZ-ZZZDG");
    assert_eq!(PassReference([0; 8]).to_string(), "P-00000-00000-000FZ");
}

#[test]
fn what_people_type_is_forgiven() {
    let serial = Serial::new(&SeededEntropy::new(3));
    let printed = serial.to_string();
    let bare: String = printed.chars().skip(2).filter(|c| *c != '-').collect();
    let wide: String =
        printed.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    for typed in [
        printed.clone(),
        printed.to_lowercase(),
        printed.replace('-', " "),
        printed.replace('-', "——"),
        bare.clone(),
        format!(" {bare}\n"),
        wide,
        printed.replace('1', "I").replace('0', "o"),
        printed.replace('1', "l").replace('0', "O"),
    ] {
        assert_eq!(Serial::parse_typed(&typed), Ok(serial), "{typed}");
    }
}

#[test]
fn the_error_says_where_to_look() {
    assert_eq!(Serial::parse_typed("FG-00000-00000-0000"), Err(SerialError::Length(16)));
    assert_eq!(
        Serial::parse_typed("00000-0U000-00000"),
        Err(SerialError::Character { character: 'U', place: 7 })
    );
    assert_eq!(Serial::parse_typed("00000-00000-00001"), Err(SerialError::Check));
    assert_eq!(Serial::parse_typed("Z0000-00000-00000"), Err(SerialError::Check));
    assert_eq!(Serial::parse_typed(""), Err(SerialError::Length(0)));
}

#[test]
fn hexadecimal_forms_agree() {
    let serial = Serial([0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff]);
    assert_eq!(serial.to_hex(), "00010203fcfdfeff");
    assert_eq!(Serial::from_hex("00010203fcfdfeff"), Some(serial));
    assert_eq!(Serial::from_hex("00010203fcfdfe"), None);
    assert_eq!(serde_json::to_string(&serial).unwrap(), "\"00010203fcfdfeff\"");
    assert!(serde_json::from_str::<Serial>("\"nothing\"").is_err());
}

fn bare(printed: &str) -> Vec<u8> {
    printed.split_once('-').unwrap().1.bytes().filter(|c| *c != b'-').collect()
}

fn typed(characters: &[u8]) -> String {
    String::from_utf8(characters.to_vec()).unwrap()
}

proptest! {
    #[test]
    fn a_printed_number_is_read_back(bytes: [u8; 8]) {
        let (serial, reference) = (Serial(bytes), PassReference(bytes));
        prop_assert_eq!(Serial::parse_typed(&serial.to_string()), Ok(serial));
        prop_assert_eq!(PassReference::parse_typed(&reference.to_string()), Ok(reference));
        prop_assert!(reference.to_string().len() <= 20);
    }

    #[test]
    fn any_single_wrong_character_is_found(bytes: [u8; 8], place in 0..15_usize, by in 1..32_usize) {
        let mut characters = bare(&Serial(bytes).to_string());
        let old = CROCKFORD.iter().position(|c| *c == characters[place]).unwrap();
        characters[place] = CROCKFORD[(old + by) % 32];
        prop_assert_eq!(Serial::parse_typed(&typed(&characters)), Err(SerialError::Check));
    }

    #[test]
    fn two_swapped_neighbours_among_the_data_are_found(bytes: [u8; 8], place in 0..12_usize) {
        let mut characters = bare(&Serial(bytes).to_string());
        prop_assume!(characters[place] != characters[place + 1]);
        characters.swap(place, place + 1);
        prop_assert_eq!(Serial::parse_typed(&typed(&characters)), Err(SerialError::Check));
    }

    #[test]
    fn a_pass_reference_is_never_read_as_a_serial(bytes: [u8; 8]) {
        prop_assert!(Serial::parse_typed(&PassReference(bytes).to_string()).is_err());
        prop_assert!(PassReference::parse_typed(&Serial(bytes).to_string()).is_err());
        let without_prefix = typed(&bare(&PassReference(bytes).to_string()));
        prop_assert_eq!(Serial::parse_typed(&without_prefix), Err(SerialError::Check));
    }
}
