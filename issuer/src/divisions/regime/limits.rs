//! A division's own numbers may be stricter than those above it, never laxer (domain B5, D20).

use super::RegimeSettings;

/// A number that the division above limits. Kind and routes are a division's own affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Fever,
    PermitDays,
    StatusUsable,
    OfflineGrace,
}

/// Which of its numbers go beyond those of the division above.
pub fn beyond(own: &RegimeSettings, above: &RegimeSettings) -> Vec<Limit> {
    let pairs = [
        (Limit::Fever, i64::from(own.fever_tenths), i64::from(above.fever_tenths)),
        (Limit::PermitDays, own.permit_days, above.permit_days),
        (Limit::StatusUsable, own.status_usable_hours, above.status_usable_hours),
        (Limit::OfflineGrace, own.offline_grace_hours, above.offline_grace_hours),
    ];
    pairs.into_iter().filter(|(_, own, above)| own > above).map(|(limit, _, _)| limit).collect()
}

/// What holds where the division above became stricter after these were published.
#[must_use]
pub fn within(own: RegimeSettings, above: &RegimeSettings) -> RegimeSettings {
    RegimeSettings {
        fever_tenths: own.fever_tenths.min(above.fever_tenths),
        // A reading can't be too low and a fever at once.
        low_tenths: own.low_tenths.min(above.fever_tenths.saturating_sub(1)),
        permit_days: own.permit_days.min(above.permit_days),
        status_usable_hours: own.status_usable_hours.min(above.status_usable_hours),
        offline_grace_hours: own.offline_grace_hours.min(above.offline_grace_hours),
        ..own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stricter_is_fine_and_laxer_is_named() {
        let above = RegimeSettings::default();
        let stricter = RegimeSettings { fever_tenths: 370, permit_days: 7, ..above.clone() };
        assert_eq!(beyond(&stricter, &above), []);
        let laxer = RegimeSettings {
            fever_tenths: 375,
            permit_days: 31,
            status_usable_hours: 73,
            offline_grace_hours: 169,
            ..above.clone()
        };
        assert_eq!(
            beyond(&laxer, &above),
            [Limit::Fever, Limit::PermitDays, Limit::StatusUsable, Limit::OfflineGrace]
        );
        assert_eq!(beyond(&within(laxer, &above), &above), []);
        assert_eq!(within(stricter.clone(), &above), stricter);
    }
}
