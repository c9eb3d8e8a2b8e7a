use fugong_common::words;

words! {
    /// Texts of the page of keys.
    pub struct KeyWords {
        title: "签发密钥", "Signing keys";
        trust_list: "签发机构清单", "List of signing authorities";
        none: "尚未签署", "Not signed yet";
        none_how: "请在服务器上生成密钥，并用单独保管的根密钥签署清单。做法见操作手册“密钥”一节。", "Make keys on the server and sign the list with the root key, which is kept apart. The operations manual says how, under “Keys”.";
        version: "版本", "Version";
        root: "根密钥指纹", "Fingerprint of the root key";
        valid_until: "有效至", "Holds until";
        key: "密钥", "Key";
        role: "用途", "Purpose";
        state: "状态", "State";
        from: "启用", "From";
        sign_until: "签发至", "Signs until";
        until: "核验至", "Verifies until";
        permits: "有效许可", "Permits in force";
        here: "本机", "On this machine";
        yes: "有", "yes";
        no: "无", "no";
        reissue: "批量换发", "Reissue in batch";
        empty: "还没有签发密钥。", "There are no signing keys yet.";
        role_permit: "公示牌", "placards";
        role_pass: "出入证", "passes";
        role_status: "状态清单", "status lists";
        role_manifest: "门岗清单", "gate manifests";
        signing: "签发中", "signing";
        signing_soon_over: "即将停止签发", "stops signing soon";
        verifying: "仅供核验", "verifies only";
        unlisted: "待根密钥签署", "waits for the root";
        withdrawn: "已停用", "withdrawn";
        withdrawn_unpublished: "已停用，待重新签署清单", "withdrawn; sign the list again";
        ended: "已到期", "ended";
    }
}

impl KeyWords {
    /// The purpose with this code.
    pub fn role(&self, code: &str) -> &'static str {
        match code {
            "permit" => self.role_permit,
            "pass" => self.role_pass,
            "status" => self.role_status,
            _ => self.role_manifest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KeyWords;
    use fugong_common::words::faults;

    #[test]
    fn both_languages_are_complete() {
        assert_eq!(faults(KeyWords::PAIRS), Vec::<String>::new());
    }
}
