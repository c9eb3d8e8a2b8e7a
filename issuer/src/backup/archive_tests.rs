use super::*;
use proptest::prelude::*;

fn header() -> Header {
    Header {
        software: "issuer 0.1.0".into(),
        made_at: 1,
        schema: 7,
        database: "SQLite".into(),
        origin: "http://127.0.0.1:8080".into(),
        hosts: vec![],
        demo: true,
        trust_version: 1,
        root: String::new(),
        change: 3,
        audit_seq: 2,
        audit_sha256: String::new(),
        keys: vec![],
    }
}

fn written(rows: &[Vec<Value>]) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &header()).unwrap();
    writer.table("t", &["a".into(), "b".into()]).unwrap();
    for row in rows {
        writer.row(row).unwrap();
    }
    writer.finish().unwrap().0
}

fn read(bytes: &[u8]) -> Result<Vec<Vec<Value>>, BackupError> {
    let mut reader = Reader::begin(bytes)?;
    let mut all = Vec::new();
    loop {
        match reader.next_piece()? {
            Piece::Table { .. } => {}
            Piece::Rows(rows) => all.extend(rows),
            Piece::End { .. } => return Ok(all),
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        "\\PC{0,20}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
    ]
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were(rows in prop::collection::vec(prop::collection::vec(any_value(), 2), 0..60)) {
        prop_assert_eq!(read(&written(&rows)).unwrap(), rows);
    }

    #[test]
    fn an_archive_that_was_cut_or_changed_is_refused(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let rows: Vec<_> = (0..200_i64)
            .map(|n| vec![Value::Integer(n * 7919), Value::Text(format!("row {n}"))])
            .collect();
        let whole = written(&rows);
        let at = at.index(whole.len());
        prop_assert!(read(&whole[..at]).is_err(), "cut at {}", at);
        let mut changed = whole.clone();
        changed[at] ^= 1 << bit;
        // gzip's own head holds bits that mean nothing: what was read is then the very same.
        if let Ok(read) = read(&changed) {
            prop_assert_eq!(read, rows, "bit {} of byte {}", bit, at);
        }
    }
}

#[test]
fn long_tables_are_written_in_frames() {
    let rows: Vec<_> =
        (0..3_000_i64).map(|n| vec![Value::Integer(n), Value::Bytes(vec![7; 1000])]).collect();
    let bytes = written(&rows);
    let mut reader = Reader::begin(bytes.as_slice()).unwrap();
    let mut frames = 0;
    while !matches!(reader.next_piece().unwrap(), Piece::End { .. }) {
        frames += 1;
    }
    assert!(frames > 10, "{frames} frames");
}
