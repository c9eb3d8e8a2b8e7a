use fugong_common::words;

words! {
    /// Texts of signing, returning and refusing.
    pub struct ApprovalWords {
        sign: "签字同意", "Sign";
    }
}
