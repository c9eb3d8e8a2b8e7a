//! The journal on its way to the issuer.

use fugong_common::journal::{Batch, JournalId, Record};
use fugong_common::wire::{JournalHead, PartName, held_manifest_path, held_path, problem};

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
        let unsent = self.journal().list_unsent().await?;
        self.upload_each(issuer, &enrolled, unsent).await
    }

    /// One journal that the issuer refuses must not keep the others here; the first refusal is told in the end.
    async fn upload_each(
        &self,
        issuer: &Issuer,
        enrolled: &Enrolled,
        journals: Vec<Standing>,
    ) -> Result<(), SyncError> {
        let mut refused = None;
        for journal in journals {
            match self.upload_journal(issuer, enrolled, journal).await {
                Err(SyncError::Issuer(error @ IssuerError::Problem { .. })) => {
                    refused.get_or_insert(error);
                }
                other => other?,
            }
        }
        self.upload_branches(issuer, enrolled).await?;
        refused.map_or(Ok(()), |error| Err(error.into()))
    }

    /// The issuer was set back: tells it what this gate holds, everything signed as it came, and compares every journal
    /// with it again, also those that its predecessor had whole.
    pub(crate) async fn answer_restored(&self, issuer: &Issuer) -> Result<(), SyncError> {
        let Some(enrolled) = self.enrolled() else { return Ok(()) };
        let bundle = self.bundle();
        if let Some(bundle) = &bundle {
            if let Some(trust) = bundle.parts.get(&PartName::Trust.to_string()) {
                issuer.tell_held(&enrolled, &held_path(PartName::Trust), &trust.bytes).await?;
            }
            for (key, list) in &bundle.lists {
                let path = held_path(PartName::Status(*key));
                issuer.tell_held(&enrolled, &path, &list.bytes).await?;
            }
        }
        let manifest = bundle.as_ref().map(|bundle| bundle.manifest_bytes.as_slice());
        issuer.tell_held(&enrolled, &held_manifest_path(), manifest.unwrap_or_default()).await?;
        let all = self.journal().list_whole_histories().await?;
        self.upload_each(issuer, &enrolled, all).await
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
        if theirs.next_seq > ours {
            return self.was_set_back(issuer, enrolled, standing, theirs).await;
        }
        let before = match theirs.next_seq.checked_sub(1) {
            None => None,
            Some(seq) => self.journal().list_records(number, seq, 1).await?.pop(),
        };
        let agrees = before.as_ref().is_none_or(|record| record.hash() == theirs.head.0);
        if !agrees {
            return self.forked(number).await;
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
                    return self.forked(number).await;
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

    /// This machine was set back to an earlier day: what it writes from now on would have numbers that are taken. What it
    /// has written since may stand under such numbers already: the issuer says, entry by entry, whether it is the same.
    async fn was_set_back(
        &self,
        issuer: &Issuer,
        enrolled: &Enrolled,
        standing: Standing,
        theirs: JournalHead,
    ) -> Result<(), SyncError> {
        let number = standing.number;
        if self.is_current(number) {
            tracing::warn!(
                ours = standing.head.next_seq,
                theirs = theirs.next_seq,
                "the journal was restored; a new one is opened"
            );
            self.open_journal("restored").await;
        }
        let mut next = standing.sent_seq;
        loop {
            let records = self.journal().list_records(number, next, BATCH).await?;
            let Ok(count @ 1..) = u64::try_from(records.len()) else { return Ok(()) };
            let batch = sealed_batch(standing.head.id, records, enrolled)?;
            match issuer.send_batch(enrolled, &batch).await {
                Ok(_) => next += count,
                Err(IssuerError::Problem { code, .. }) if code == problem::JOURNAL_FORK => {
                    return self.forked(number).await;
                }
                Err(error) => return Err(error.into()),
            }
            self.journal().set_sent(number, next).await?;
        }
    }

    fn is_current(&self, number: i64) -> bool {
        self.journal().standing().is_some_and(|now| now.number == number)
    }

    /// The issuer holds another history under this name. Both are kept; a person is told; a new journal goes on
    /// ([`Gate::upload_branches`]).
    async fn forked(&self, number: i64) -> Result<(), SyncError> {
        tracing::error!("the issuer holds another history of this journal; a new one is opened");
        metrics::counter!("verifier_journal_forks_total").increment(1);
        Ok(self.journal().mark_forked(number).await?)
    }

    /// Hands over what stands in forked journals alone: the issuer keeps it for people beside the history it knows.
    async fn upload_branches(&self, issuer: &Issuer, enrolled: &Enrolled) -> Result<(), SyncError> {
        for standing in self.journal().list_branches().await? {
            let number = standing.number;
            // Also after a power cut between the mark and the new journal.
            if self.is_current(number) {
                self.open_journal("fork").await;
            }
            let mut next = standing.sent_seq;
            loop {
                let records = self.journal().list_records(number, next, BATCH).await?;
                let Ok(count @ 1..) = u64::try_from(records.len()) else { break };
                let batch = sealed_batch(standing.head.id, records, enrolled)?;
                issuer.send_branch(enrolled, &batch).await?;
                next += count;
                self.journal().set_sent(number, next).await?;
            }
        }
        Ok(())
    }
}
