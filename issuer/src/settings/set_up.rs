//! Nine steps from an empty division to its first permit, each with its state.

use fugong_common::time::Millis;

use crate::accounts::{Role, manage};
use crate::authz::Bounds;
use crate::db::{DbError, Tx};
use crate::divisions::store::Division;
use crate::divisions::{self, RegimeSettings, Scale};
use crate::{gates, keys, permits, premises};

/// What is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Nodes below the division.
    pub below: i64,
    pub has_hotline: bool,
    pub has_pattern: bool,
    pub has_regime: bool,
    /// Roles for which nobody can sign, by the routes that hold.
    pub unsigned: Vec<UnsignedParty>,
    /// A list of signing authorities that has not run out.
    pub has_trust_list: bool,
    pub has_premises: bool,
    pub has_confirmed_gate: bool,
    pub has_permit: bool,
}

/// A party of a route that nobody can sign for, as both languages call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnsignedParty {
    pub zh: String,
    pub en: String,
}

/// The steps in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Tree,
    Hotline,
    Pattern,
    Regime,
    Accounts,
    Keys,
    Premises,
    Gate,
    Permit,
}

impl Step {
    pub(super) const ALL: [Self; 9] = [
        Self::Tree,
        Self::Hotline,
        Self::Pattern,
        Self::Regime,
        Self::Accounts,
        Self::Keys,
        Self::Premises,
        Self::Gate,
        Self::Permit,
    ];

    pub(super) fn is_done(self, facts: &Facts) -> bool {
        match self {
            Self::Tree => facts.below > 0,
            Self::Hotline => facts.has_hotline,
            Self::Pattern => facts.has_pattern,
            Self::Regime => facts.has_regime,
            Self::Accounts => facts.unsigned.is_empty(),
            Self::Keys => facts.has_trust_list,
            Self::Premises => facts.has_premises,
            Self::Gate => facts.has_confirmed_gate,
            Self::Permit => facts.has_permit,
        }
    }
}

/// How many steps are done, and which one is next.
pub(super) fn progress(facts: &Facts) -> (usize, Option<Step>) {
    let done = Step::ALL.iter().filter(|step| step.is_done(facts)).count();
    (done, Step::ALL.into_iter().find(|step| !step.is_done(facts)))
}

/// Parties of the routes without anybody who can sign, each once.
async fn list_unsigned(
    tx: &mut Tx,
    bounds: &Bounds,
    above: &[Division],
    settings: &RegimeSettings,
    now: Millis,
) -> Result<Vec<UnsignedParty>, DbError> {
    let mut missing: Vec<UnsignedParty> = Vec::new();
    for party in Scale::ALL.iter().flat_map(|scale| &settings.routes.of(*scale).parties) {
        let mut holders = 0;
        for role in party.roles.iter().filter_map(|code| Role::parse(code)) {
            holders += manage::store::count_holders(tx, bounds, role, now).await?;
            for node in above {
                holders += manage::store::count_holders_at(tx, &node.id, role, now).await?;
            }
        }
        let named = UnsignedParty { zh: party.zh.clone(), en: party.en.clone() };
        if holders == 0 && !missing.contains(&named) {
            missing.push(named);
        }
    }
    Ok(missing)
}

/// Looks at a division and what it takes from those above it.
pub(super) async fn look(
    tx: &mut Tx,
    division: &Division,
    bounds: &Bounds,
    now: Millis,
) -> Result<Facts, DbError> {
    let mut above = divisions::store::ancestry(tx, &division.path).await?;
    let any = |value: fn(&Division) -> &str| above.iter().any(|node| !value(node).is_empty());
    let (has_hotline, has_pattern) = (any(|d| &d.hotline), any(|d| &d.document_pattern));
    above.pop();
    let regime = divisions::store::find_regime(tx, &division.path, now).await?;
    let has_regime = regime.is_some();
    let settings = regime.map(|regime| regime.settings).unwrap_or_default();
    let newest = keys::store::newest(tx).await?;
    let permits = permits::store::Filter::default();
    Ok(Facts {
        below: divisions::tree::count_below(tx, &division.path, now).await?,
        has_hotline,
        has_pattern,
        has_regime,
        unsigned: list_unsigned(tx, bounds, &above, &settings, now).await?,
        has_trust_list: newest.is_some_and(|stored| now.seconds() < stored.list.exp),
        has_premises: !premises::store::list(tx, bounds, "", "", 0, now, 1).await?.is_empty(),
        has_confirmed_gate: gates::store::has_confirmed(tx, bounds).await?,
        has_permit: !permits::store::list(tx, bounds, &permits, now, "", 1).await?.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_division_begins_with_its_tree_and_ends_with_its_first_permit() {
        let nobody = UnsignedParty { zh: "领导小组".into(), en: "leading group".into() };
        let empty = Facts { unsigned: vec![nobody], ..Facts::default() };
        assert_eq!(progress(&empty), (0, Some(Step::Tree)));
        let ready = Facts {
            below: 12,
            has_hotline: true,
            has_pattern: true,
            has_regime: true,
            unsigned: Vec::new(),
            has_trust_list: true,
            has_premises: true,
            has_confirmed_gate: true,
            has_permit: false,
        };
        assert_eq!(progress(&ready), (8, Some(Step::Permit)));
        assert_eq!(progress(&Facts { has_permit: true, ..ready }), (9, None));
    }
}
