//! What selects of forms offer.

use fugong_common::lang::Lang;

use super::{Kind, SurveyState};
use crate::db::{DbError, Tx};
use crate::divisions::store::Division;
use crate::divisions::{self, Scale};
use crate::web::Page;

/// One option of a select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>, chosen: &str) -> Self {
        let value = value.into();
        Self { chosen: value == chosen, value, label: label.into() }
    }
}

pub fn kinds(lang: Lang, chosen: &str) -> Vec<Choice> {
    Kind::ALL.iter().map(|kind| Choice::new(kind.code(), kind.title(lang), chosen)).collect()
}

pub fn scales(lang: Lang, chosen: &str) -> Vec<Choice> {
    Scale::ALL.iter().map(|scale| Choice::new(scale.code(), scale.title(lang), chosen)).collect()
}

pub fn survey_states(lang: Lang, chosen: &str) -> Vec<Choice> {
    SurveyState::ALL
        .iter()
        .map(|state| Choice::new(state.code(), state.title(lang), chosen))
        .collect()
}

/// The divisions within a post's reach as a tree, children indented below their parents.
pub async fn divisions(tx: &mut Tx, page: &Page, chosen: &str) -> Result<Vec<Choice>, DbError> {
    let nodes = divisions::store::list_within(tx, &page.reach().bounds(), page.now).await?;
    let depth = |node: &Division| node.path.matches('/').count();
    let top = nodes.iter().map(depth).min().unwrap_or(0);
    Ok(nodes
        .iter()
        .map(|node| {
            let indent = "\u{3000}".repeat(depth(node) - top);
            Choice::new(&node.id, format!("{indent}{}", node.name), chosen)
        })
        .collect())
}
