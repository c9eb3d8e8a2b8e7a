//! Style sheet and scripts of the gate's own pages.

use fugong_common::service::assets::Asset;

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// To be served together with `fugong_common::service::assets::SHARED`.
pub const ASSETS: &[Asset] = &[
    Asset {
        name: "gate.css",
        mime: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/gate.css"),
    },
    Asset { name: "scan.js", mime: SCRIPT, bytes: include_bytes!("../../assets/scan.js") },
    Asset { name: "keypad.js", mime: SCRIPT, bytes: include_bytes!("../../assets/keypad.js") },
    Asset { name: "sound.js", mime: SCRIPT, bytes: include_bytes!("../../assets/sound.js") },
    Asset { name: "pin.js", mime: SCRIPT, bytes: include_bytes!("../../assets/pin.js") },
    Asset { name: "wait.js", mime: SCRIPT, bytes: include_bytes!("../../assets/wait.js") },
];
