//! The journal on its way to the issuer.

use fugong_common::journal::{Batch, JournalId, Record};
use fugong_common::wire::problem;

use crate::engine::Gate;
use crate::enrol::Enrolled;
use crate::issuer::{Issuer, IssuerError};
use crate::journal::Standing;
use crate::sync::SyncError;

/// Entries of one batch.
const BATCH: usize = 1000;

fn sealed_batch(
    id: JournalId,
    records: Vec<Record>,
    enrolled: &Enrolled,
) -> Result<Vec<u8>, IssuerError> {
    let sealed = Batch { id, records }.seal(&*enrolled.device);
    sealed.map_err(|error| IssuerError::Key(error.to_string()))
}

impl Gate {
    /// Sends what the issuer lacks. Heads are compared first.
    pub(crate) async fn upload(&self, issuer: &Issuer) -> Result<(), SyncError> {
        let Some(enrolled) = self.enrolled() else { return Ok(()) };
        for unsent in self.journal().list_unsent().await? {
            self.upload_journal(issuer, &enrolled, unsent).await?;
        }
        Ok(())
    }

    /// Sends everything that the issuer lacks after a cut-off. The issuer keeps it apart and answers each batch "cut off":
    /// that is its receipt here. Heads aren't compared, for it answers nothing else any more.
    pub(crate) async fn hand_over_evidence(&self, issuer: &Issuer) -> Result<(), SyncError> {
        let Some(enrolled) = self.enrolled() else { return Ok(()) };
        for standing in self.journal().list_incomplete().await? {
            let (number, mut next) = (standing.number, standing.sent_seq);
            loop {
                let records = self.journal().list_records(number, next, BATCH).await?;
                let Ok(count @ 1..) = u64::try_from(records.len()) else { break };
                let batch = sealed_batch(standing.head.id, records, &enrolled)?;
                match issuer.send_batch(&enrolled, &batch).await {
                    Ok(_) | Err(IssuerError::CutOff) => next += count,
                    Err(error) => return Err(error.into()),
                }
                self.journal().set_sent(number, next).await?;
            }
        }
        Ok(())
    }

    async fn upload_journal(
        &self,
        issuer: &Issuer,
        enrolled: &Enrolled,
        standing: Standing,
    ) -> Result<(), SyncError> {
        let (number, id) = (standing.number, standing.head.id);
        let theirs = issuer.journal_head(enrolled, &id.0).await?;
        let ours = standing.head.next_seq;
        let current = self.journal().standing().is_some_and(|now| now.number == number);
        if theirs.next_seq > ours {
            // This machine was set back to an earlier day: what it writes now would have numbers that are taken.
            tracing::warn!(
                ours,
                theirs = theirs.next_seq,
                "the journal was restored; a new one is opened"
            );
            if current {
                self.open_journal("restored").await;
            }
            self.journal().set_sent(number, ours).await?;
            return Ok(());
        }
        let before = match theirs.next_seq.checked_sub(1) {
            None => None,
            Some(seq) => self.journal().list_records(number, seq, 1).await?.pop(),
        };
        let agrees = before.as_ref().is_none_or(|record| record.hash() == theirs.head.0);
        if !agrees {
            return self.forked(number, current).await;
        }
        let mut next = theirs.next_seq;
        self.journal().set_sent(number, next).await?;
        loop {
            let records = self.journal().list_records(number, next, BATCH).await?;
            if records.is_empty() {
                return Ok(());
            }
            let batch = sealed_batch(id, records, enrolled)?;
            match issuer.send_batch(enrolled, &batch).await {
                Ok(answer) if answer.next_seq > next => next = answer.next_seq,
                Ok(_) => {
                    return Err(IssuerError::Unexpected("the journal doesn't move".into()).into());
                }
                Err(IssuerError::Problem { code, .. }) if code == problem::JOURNAL_FORK => {
                    return self.forked(number, current).await;
                }
                Err(IssuerError::Problem { code, journal: Some(head), .. })
                    if code == problem::JOURNAL_GAP && head.next_seq < next =>
                {
                    next = head.next_seq;
                }
                Err(error) => return Err(error.into()),
            }
            self.journal().set_sent(number, next).await?;
        }
    }

    /// The issuer holds another history under this name. Both are kept; a person is told; a new journal goes on.
    async fn forked(&self, number: i64, current: bool) -> Result<(), SyncError> {
        tracing::error!("the issuer holds another history of this journal; a new one is opened");
        metrics::counter!("verifier_journal_forks_total").increment(1);
        self.journal().mark_forked(number).await?;
        if current {
            self.open_journal("fork").await;
        }
        Ok(())
    }
}
