//! What the camera says to whoever holds it: the texts that `camera.js` reads from its element.

use super::problem::escape;
use crate::lang::Lang;

crate::words! {
    /// Texts of the camera, by the names of its data attributes.
    pub struct CameraWords {
        starting: "正在打开摄像头，请在提示中选择允许。", "Opening the camera. Allow it when asked.";
        aim: "请将二维码对准框内。", "Hold the code inside the frame.";
        no_https: "此地址不是安全连接，浏览器不允许打开摄像头。请改用 HTTPS 地址，或拍照上传。", "This address isn't secure, so the browser won't open the camera. Use the HTTPS address, or upload a photo.";
        no_permission: "未获准使用摄像头。请在浏览器设置中允许本站使用，再重试；也可拍照上传。", "The camera is not allowed. Allow it for this site in the browser's settings and try again, or upload a photo.";
        no_camera: "没有找到摄像头。请用扫码枪、输入核验编号，或拍照上传。", "No camera found. Use a scanner, type the check number, or upload a photo.";
        busy: "摄像头打不开，可能正被其他程序使用。请关闭其他程序后重试。", "The camera can't be opened; another program may be using it. Close that and try again.";
        unreachable: "连接不上核验机，正在重试。", "The verifier can't be reached. Trying again.";
        two_codes: "画面中有不同的二维码，请选择要核验的一个。", "There are different codes in view. Choose the one to check.";
        nth: "第 {n} 个", "Number {n}";
        again: "都不是，重新对准", "Neither, aim again";
        torch: "补光", "Light";
    }
}

/// All texts as data attributes for the element of class `camera`, with a leading space each.
pub fn attributes(lang: Lang) -> String {
    let mut out = String::new();
    for (key, zh, en) in CameraWords::PAIRS {
        let (name, text) = (key.replace('_', "-"), escape(lang.of(zh, en)));
        out.push_str(" data-say-");
        out.push_str(&name);
        out.push_str("=\"");
        out.push_str(&text);
        out.push('"');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_camera_speaks_both_languages_and_the_script_asks_for_no_other_text() {
        assert_eq!(crate::words::faults(CameraWords::PAIRS), Vec::<String>::new());
        let script = include_str!("../../assets/camera.js");
        let mut asked: Vec<String> = script
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| {
                word.starts_with("say") && word.chars().nth(3).is_some_and(char::is_uppercase)
            })
            .map(|word| {
                let name = word.trim_start_matches("say");
                let parts = name
                    .chars()
                    .map(|c| if c.is_uppercase() { format!("_{c}") } else { c.to_string() });
                parts.collect::<String>().trim_start_matches('_').to_lowercase()
            })
            .collect();
        asked.sort();
        asked.dedup();
        let mut given: Vec<_> = CameraWords::PAIRS.iter().map(|(key, ..)| *key).collect();
        given.sort_unstable();
        assert_eq!(asked, given);
    }

    #[test]
    fn attributes_are_named_and_escaped() {
        let attributes = attributes(Lang::En);
        assert!(
            attributes.contains(" data-say-no-https=\"This address isn&#39;t secure"),
            "{attributes}"
        );
        assert!(attributes.contains(" data-say-nth=\"Number {n}\""));
    }
}
