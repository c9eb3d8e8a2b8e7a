//! Guards sign on at a paired browser.

use crate::bed::{Bed, end, serve};
use crate::issuer::PIN;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pins_lock_out_and_a_code_pairs_one_browser() {
    let bed = Bed::start().await;
    let code = bed.gate().pairing_code().await.unwrap().code;
    let (pair, secret) = bed.gate().pair(&code, "手机").await.unwrap();
    assert!(bed.gate().pair(&code, "另一台").await.is_err());
    assert_eq!(bed.gate().find_pair(&secret), Some(pair.clone()));
    assert_eq!(bed.gate().find_pair("x"), None);
    for _ in 0..5 {
        let refused = bed.gate().sign_on(&pair, "g1", "0000").await.unwrap_err();
        assert_eq!(refused.code(), "pin_wrong");
    }
    let locked = bed.gate().sign_on(&pair, "g1", PIN).await.unwrap_err();
    assert_eq!(locked.code(), "pin_locked");
    bed.clock.advance_millis(31_000);
    let guard = bed.gate().sign_on(&pair, "g1", PIN).await.unwrap();
    assert_eq!(bed.gate().guard_of(&pair), Some(guard));
    let next = bed.gate().hand_over(&pair, "g2", PIN, "一切正常").await.unwrap();
    assert!(next.leader);
    let (_, clock, dir) = bed.stop().await;
    let (running, shutdown) = serve(dir.path(), &clock).await;
    assert_eq!(
        running.gate.guard_of(&running.gate.find_pair(&secret).unwrap()),
        Some(next.clone())
    );
    running.gate.unpair(&next, pair.id).await.unwrap();
    assert_eq!(running.gate.find_pair(&secret), None);
    end(running, shutdown).await;
}
