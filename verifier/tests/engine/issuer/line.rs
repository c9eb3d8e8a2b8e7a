//! The line to the small issuer: the gate protocol, answered from its state.

use axum::body::Bytes;
use axum::extract::{Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fugong_common::device::UnverifiedClaim;
use fugong_common::hex;
use fugong_common::journal::{Batch, ChainFault, Head, Record};
use fugong_common::keys::Signer;
use fugong_common::records::{RecordSet, diff};
use fugong_common::time::Clock;
use fugong_common::wire::{
    self, Base64Url, EnrolAnswer, EnrolRequest, GateState, Hex, JournalAnswer, JournalHead,
    NonceAnswer,
};

use super::{CODE, Issuer};

fn refuse(status: StatusCode, code: &str, journal: Option<JournalHead>) -> Response {
    let body = wire::GateProblem { code: code.to_owned(), detail: String::new(), journal };
    (status, serde_json::to_string(&body).unwrap()).into_response()
}

fn json(value: &impl serde::Serialize) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], serde_json::to_string(value).unwrap())
        .into_response()
}

pub async fn answer(Shared(issuer): Shared<Issuer>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 64 << 20).await.unwrap();
    let path = head.uri.path().to_owned();
    if issuer.state().away {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    if path == wire::ENROL {
        return enrol(&issuer, &body);
    }
    if path == wire::NONCE {
        let now_ms = issuer.state().clock.now();
        return json(&NonceAnswer { nonce: "n".to_owned(), now_ms });
    }
    {
        let mut state = issuer.state();
        let header = head.headers.get(header::AUTHORIZATION).unwrap().to_str().unwrap();
        let claim = UnverifiedClaim::parse(header).unwrap().verify(&state.device.unwrap()).unwrap();
        let asked = head.uri.path_and_query().unwrap().as_str();
        claim.is_for(head.method.as_str(), asked, &body, "gate-1").unwrap();
        if state.cut_off && path == wire::JOURNAL && head.method == "POST" {
            if state.line_broken {
                return StatusCode::BAD_GATEWAY.into_response();
            }
            let batch = Batch::open(&body, &state.device.unwrap()).unwrap();
            state.quarantined.extend(batch.records);
        }
        if state.cut_off {
            return refuse(StatusCode::GONE, wire::problem::GATE_CUT_OFF, None);
        }
        if !state.confirmed {
            return refuse(StatusCode::FORBIDDEN, wire::problem::GATE_WAITING, None);
        }
    }
    if path == wire::EVENTS {
        return events(&issuer);
    }
    if path == wire::MANIFEST && issuer.state().restored {
        return refuse(StatusCode::CONFLICT, wire::problem::ISSUER_RESTORED, None);
    }
    if let Some(name) = path.strip_prefix(wire::HELD) {
        let name = name.trim_start_matches('/').to_owned();
        issuer.state().held.insert(name, body.to_vec());
        return json(&wire::HeldAnswer { learned: 0, believed: true });
    }
    if path == wire::JOURNAL_BRANCH {
        let mut state = issuer.state();
        let batch = Batch::open(&body, &state.device.unwrap()).unwrap();
        state.branches.extend(batch.records);
        return StatusCode::NO_CONTENT.into_response();
    }
    if path == wire::MANIFEST {
        return issuer.state().signed.clone().into_response();
    }
    if let Some(part) = path.strip_prefix(wire::PARTS) {
        issuer.hold.subscribe().wait_for(|hold| !hold).await.unwrap();
        return send_part(&issuer, part, head.uri.query());
    }
    if path == wire::JOURNAL {
        return journal(&issuer, &body);
    }
    let id = path.strip_prefix(wire::JOURNAL).unwrap().trim_start_matches('/');
    let id = Hex(hex::decode_array(id).unwrap());
    let head = issuer.state().journals.get(&id).map_or(Head::start(id), |(head, _)| *head);
    json(&JournalHead { next_seq: head.next_seq, head: Hex(head.hash) })
}

fn enrol(issuer: &Issuer, body: &Bytes) -> Response {
    let request: EnrolRequest = serde_json::from_slice(body).unwrap();
    let mut state = issuer.state();
    if request.code != CODE {
        return refuse(StatusCode::NOT_FOUND, wire::problem::ENROLMENT_CODE, None);
    }
    state.device = Some(request.device_key);
    json(&EnrolAnswer {
        gate_id: "1".to_owned(),
        gate_name: "3 号门".to_owned(),
        audience: "gate-1".to_owned(),
        root_key: state.root.public_key(),
        trust_list: Base64Url(state.trust()),
        state: GateState::Waiting,
    })
}

fn send_part(issuer: &Issuer, part: &str, query: Option<&str>) -> Response {
    let mut state = issuer.state();
    let digest = hex::decode_array(part.rsplit('/').next().unwrap()).unwrap();
    let Some(whole) = state.parts.get(&digest).cloned() else {
        return refuse(StatusCode::NOT_FOUND, wire::problem::PART_GONE, None);
    };
    let from = query.and_then(|query| query.strip_prefix("from=")).and_then(hex::decode_array);
    if let Some(held) = from.and_then(|from: [u8; 32]| state.parts.get(&from).cloned()) {
        state.deltas += 1;
        let read = |bytes: &[u8]| RecordSet::from_bytes(bytes).unwrap();
        let delta = diff(&read(&held), &read(&whole)).to_bytes();
        return ([(header::CONTENT_TYPE, wire::DELTA_TYPE)], delta).into_response();
    }
    state.wholes += 1;
    ([(header::CONTENT_TYPE, wire::PART_TYPE)], whole).into_response()
}

fn journal(issuer: &Issuer, body: &Bytes) -> Response {
    let mut state = issuer.state();
    let batch = Batch::open(body, &state.device.unwrap()).unwrap();
    let (head, records) =
        state.journals.entry(batch.id).or_insert_with(|| (Head::start(batch.id), Vec::new()));
    let known = |seq: u64| records.get(usize::try_from(seq).unwrap()).map(Record::hash);
    match head.follow(&batch.records, known) {
        Ok(followed) => {
            records.extend(batch.records.into_iter().skip(followed.duplicates));
            *head = followed.head;
            json(&JournalAnswer {
                next_seq: head.next_seq,
                head: Hex(head.hash),
                duplicates: followed.duplicates as u64,
            })
        }
        Err(fault) => {
            let code = match fault {
                ChainFault::Gap { .. } => wire::problem::JOURNAL_GAP,
                _ => wire::problem::JOURNAL_FORK,
            };
            let standing = JournalHead { next_seq: head.next_seq, head: Hex(head.hash) };
            refuse(StatusCode::CONFLICT, code, Some(standing))
        }
    }
}

fn events(issuer: &Issuer) -> Response {
    let hints = issuer.hints.subscribe();
    let stream = futures_util::stream::unfold(hints, |mut hints| async move {
        let event = hints.recv().await.ok()?;
        Some((Ok::<_, std::convert::Infallible>(event), hints))
    });
    axum::body::Body::from_stream(stream).into_response()
}
