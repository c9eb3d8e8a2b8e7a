//! What a gate writes in short beside an entry, for the services to read again.

use crate::journal::EntryKind;

/// Begins the text of a check that ended because the guard did not let the person in.
const REFUSED: &str = "refused";

/// The text of a check that the guard ended so. The entry's verdict stays what the gate had answered.
pub fn refusal(reason: &str) -> String {
    format!("{REFUSED} {reason}").trim_end().to_owned()
}

/// The guard's reason, where this is the text of such a check; empty where none was given.
pub fn read_refusal(kind: EntryKind, text: &str) -> Option<&str> {
    let rest = text.strip_prefix(REFUSED).filter(|_| kind == EntryKind::Check)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_back_with_its_reason_and_nothing_else_is_taken_for_one() {
        for reason in ["", "没有口罩", "no mask, refused twice"] {
            assert_eq!(read_refusal(EntryKind::Check, &refusal(reason)), Some(reason));
        }
        assert_eq!(read_refusal(EntryKind::Check, "refusedly"), None);
        assert_eq!(read_refusal(EntryKind::Check, "tel:13800000000 refused"), None);
        assert_eq!(read_refusal(EntryKind::Visitor, "refused goods"), None);
    }
}
