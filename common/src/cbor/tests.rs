use super::*;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn examples_of_the_standard_are_written_and_read() {
    // RFC 8949, appendix A.
    let examples = [
        ("00", Value::Unsigned(0)),
        ("17", Value::Unsigned(23)),
        ("1818", Value::Unsigned(24)),
        ("1903e8", Value::Unsigned(1000)),
        ("1a000f4240", Value::Unsigned(1_000_000)),
        ("1bffffffffffffffff", Value::Unsigned(u64::MAX)),
        ("3bffffffffffffffff", Value::Negative(u64::MAX)),
        ("20", Value::from(-1_i64)),
        ("3903e7", Value::from(-1000_i64)),
        ("4401020304", Value::from([1, 2, 3, 4])),
        ("62c3bc", Value::from("ü")),
        ("80", Value::Array(vec![])),
        ("a201020304", Value::map([(3, 4_u64.into()), (1, 2_u64.into())])),
        ("c11a514b67b0", Value::Tag(1, Box::new(1_363_896_240_u64.into()))),
        ("f4", false.into()),
        ("f6", Value::Null),
    ];
    for (text, value) in examples {
        assert_eq!(value.encode(), hex(text), "{text}");
        assert_eq!(Value::decode(&hex(text)).unwrap().encode(), hex(text), "{text}");
    }
}

#[test]
fn any_other_byte_form_of_the_same_value_is_refused() {
    let others = [
        ("1817", "an integer one byte too long"),
        ("190018", "a small integer in two bytes"),
        ("1a00000018", "a small integer in four bytes"),
        ("1b0000000000000018", "a small integer in eight bytes"),
        ("3800", "a small negative integer in one byte more"),
        ("5800", "a length one byte too long"),
        ("7900016161", "a text length in two bytes"),
        ("980100", "an array length one byte too long"),
        ("b8010000", "a map length one byte too long"),
        ("d80100", "a tag one byte too long"),
        ("5f4101ff", "bytes of indefinite length"),
        ("7f6161ff", "text of indefinite length"),
        ("9f01ff", "an array of indefinite length"),
        ("bf0102ff", "a map of indefinite length"),
        ("a203040102", "an unsorted map"),
        ("a201020103", "a map with two equal keys"),
        ("0000", "a trailing byte"),
        ("819f01ff", "an indefinite length inside"),
    ];
    for (text, what) in others {
        assert_eq!(Value::decode(&hex(text)), Err(CborError::NotDeterministic), "{what}");
    }
}

#[test]
fn what_we_never_write_is_refused() {
    for (text, what) in [
        ("", "nothing"),
        ("18", "a cut integer"),
        ("4201", "cut bytes"),
        ("8201", "a cut array"),
        ("9bffffffffffffffff", "an array longer than any memory"),
        ("bbffffffffffffffff", "a map longer than any memory"),
        ("61ff", "text that is not UTF-8"),
        ("f90000", "a float"),
        ("f7", "undefined"),
        ("f820", "another simple value"),
        ("ff", "a lonely break"),
    ] {
        assert_eq!(Value::decode(&hex(text)), Err(CborError::Malformed), "{what}");
    }
    let deep = [vec![0x81; 10_000], vec![0x00]].concat();
    assert_eq!(Value::decode(&deep), Err(CborError::Malformed));
}

#[test]
fn a_key_that_nobody_takes_is_refused() {
    let mut fields = Value::map([(1, 2_u64.into()), (-65537, "x".into())]).fields().unwrap();
    assert_eq!(fields.take(1).unwrap().unsigned(), Ok(2));
    assert_eq!(fields.take(1), Err(CborError::Missing(1)));
    assert_eq!(fields.finish(), Err(CborError::UnknownKey));
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::Unsigned),
        (0..300_u64).prop_map(Value::Unsigned),
        any::<u64>().prop_map(Value::Negative),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        ".{0,20}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::btree_map(any::<i64>(), inner.clone(), 0..6).prop_map(|map| {
                let mut entries: Vec<_> =
                    map.into_iter().map(|(key, value)| (Value::from(key), value)).collect();
                entries.sort_by_key(|(key, _)| key.encode());
                Value::Map(entries)
            }),
            (any::<u64>(), inner).prop_map(|(tag, value)| Value::Tag(tag, Box::new(value))),
        ]
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(value in any_value()) {
        prop_assert_eq!(Value::decode(&value.encode()).unwrap(), value);
    }

    #[test]
    fn accepted_bytes_are_the_only_ones_for_their_value(
        bytes in proptest::collection::vec(any::<u8>(), 0..24),
    ) {
        if let Ok(value) = Value::decode(&bytes) {
            prop_assert_eq!(value.encode(), bytes);
        }
    }
}
