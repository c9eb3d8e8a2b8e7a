//! An issuer with the sample town and, beside it, as many enterprises, applications, permits, gates and people as a district
//! has. Enterprises come in by the import itself; what people would have done one by one for months is copied by SQL.

use fugong_common::entropy::{SeededEntropy, bytes};
use fugong_common::keys::{Signer, SoftwareKey};
use fugong_issuer::app::App;
use fugong_issuer::db::{Db, DbError, Tx};
use fugong_issuer::people::bulk::insert_many;
use fugong_issuer::people::store::Person;
use fugong_issuer::{row, run};
use fugong_tests::scratch::Kind;

/// The databases that there are: the embedded one, and a server where one is named.
pub fn kinds() -> Vec<Kind> {
    let server = std::env::var_os("FUGONG_TEST_POSTGRES").is_some();
    if !server {
        println!("without PostgreSQL: FUGONG_TEST_POSTGRES names no server");
    }
    if server { vec![Kind::Sqlite, Kind::Postgres] } else { vec![Kind::Sqlite] }
}

pub const fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "SQLite",
        Kind::Postgres => "PostgreSQL",
    }
}

/// Whether a commit waits for the disk there; always on the embedded one.
pub async fn is_durable(app: &App) -> bool {
    let mut tx = app.db().read().await.expect("a transaction");
    match tx {
        Tx::Sqlite(_) => true,
        Tx::Postgres(_) => {
            let (setting,) = row!(&mut tx, (String,), "SELECT current_setting('fsync')")
                .expect("it says")
                .expect("a row");
            setting == "on"
        }
    }
}

/// Gathers the planner's figures, as either database does by itself in time; a server's background
/// work also marks which pages everybody sees, so that an index alone answers.
pub async fn tidy(app: &App) {
    match app.db() {
        Db::Sqlite { writer, .. } => sqlx::query("ANALYZE").execute(writer).await.map(drop),
        Db::Postgres(pool) => sqlx::query("VACUUM (ANALYZE)").execute(pool).await.map(drop),
    }
    .expect("it tidies up");
}

/// One application under way for each enterprise that was imported, on every officer's list as the first one is.
pub async fn apply_everywhere(app: &App) -> Result<u64, DbError> {
    let mut tx = app.db().write().await?;
    let n = run!(
        &mut tx,
        "INSERT INTO applications (id, receipt, enterprise_id, enterprise_name, name_key, division_id, division_path, \
         scale, class_rank, state, state_data, state_at, open, revision, step, form, on_behalf, created_by, created_at, \
         submitted_at, due_at) \
         SELECT 'a-' || e.id, 'R-' || e.id, e.id, e.name, e.name_key, e.division_id, e.division_path, e.scale, \
         a.class_rank, a.state, a.state_data, a.state_at, a.open, a.revision, a.step, a.form, a.on_behalf, \
         a.created_by, a.created_at, a.submitted_at + e.survey_staff, a.due_at \
         FROM enterprises e, (SELECT * FROM applications WHERE state = 'submitted' ORDER BY id LIMIT 1) a \
         WHERE e.id NOT IN (SELECT enterprise_id FROM applications)"
    )?;
    run!(
        &mut tx,
        "INSERT INTO application_waits (application_id, role, account_id, line, task, class_rank, submitted_at, \
         division_path, enterprise_id) \
         SELECT a.id, w.role, w.account_id, w.line, w.task, a.class_rank, a.submitted_at, a.division_path, a.enterprise_id \
         FROM applications a, application_waits w \
         WHERE a.id LIKE 'a-%' AND w.application_id = \
         (SELECT id FROM applications WHERE state = 'submitted' AND id NOT LIKE 'a-%' ORDER BY id LIMIT 1)"
    )?;
    tx.commit().await?;
    Ok(n)
}

/// A permit for each of so many enterprises, copied from one in force.
pub async fn permit_everywhere(app: &App, permit_id: &str, most: i64) -> Result<u64, DbError> {
    let mut tx = app.db().write().await?;
    let n = run!(
        &mut tx,
        "INSERT INTO permits (id, serial, lineage, application_id, enterprise_id, premises_id, site_code, division_id, \
         division_path, document_number, name_key, facts, key_id, status_index, token, nbf, exp, state, state_at, issued_at) \
         SELECT 'p-' || n.id, CAST(1000000000000000 + n.place AS TEXT), CAST(2000000000000000 + n.place AS TEXT), 'a-' || n.id, n.id, p.premises_id, p.site_code, \
         n.division_id, n.division_path, p.document_number, n.name_key, p.facts, p.key_id, 100000 + n.place, p.token, p.nbf, \
         p.exp, p.state, p.state_at, p.issued_at \
         FROM (SELECT id, division_id, division_path, name_key, ROW_NUMBER() OVER (ORDER BY id) AS place \
         FROM enterprises WHERE id NOT IN (SELECT enterprise_id FROM permits)) n, permits p \
         WHERE p.id = $1 AND n.place <= $2",
        permit_id,
        most
    )?;
    tx.commit().await?;
    Ok(n)
}

/// A gate that speaks for itself in the load.
#[derive(Clone, Debug)]
pub struct Device {
    pub gate_id: String,
    pub key: std::sync::Arc<SoftwareKey>,
}

/// So many further confirmed gates of the town's first site.
pub async fn add_gates(app: &App, like: &str, n: usize) -> Result<Vec<Device>, DbError> {
    let mut tx = app.db().write().await?;
    let mut devices = Vec::with_capacity(n);
    for number in 0..n {
        let seed = SeededEntropy::new(u64::try_from(number).expect("fits") + 1);
        let key = SoftwareKey::from_seed(&bytes(&seed));
        let gate_id = format!("bench-gate-{number:04}");
        run!(
            &mut tx,
            "INSERT INTO gates (id, name, premises_id, division_id, division_path, state, device_key, created_at) \
             SELECT $1, name || $2, premises_id, division_id, division_path, 'confirmed', $3, created_at \
             FROM gates WHERE id = $4",
            &gate_id,
            number.to_string(),
            key.public_key().as_bytes().to_vec(),
            like
        )?;
        devices.push(Device { gate_id, key: key.into() });
    }
    tx.commit().await?;
    Ok(devices)
}

/// So many further people on one roster.
pub async fn hire(app: &App, enterprise_id: &str, n: usize) -> Result<(), DbError> {
    const NAMES: [&str; 8] =
        ["王晓梅", "李强", "张秀英", "刘国栋", "陈敏", "杨建国", "赵丽", "黄志明"];
    let mut tx = app.db().write().await?;
    let person = |number: usize| Person {
        id: format!("bench-person-{number:06}"),
        enterprise_id: enterprise_id.to_owned(),
        worker_number: format!("B{number:06}"),
        name: NAMES[number % NAMES.len()].to_owned(),
        name_key: NAMES[number % NAMES.len()].to_owned(),
        phone: String::new(),
        id_number: String::new(),
        id_last_four: format!("{:04}", number % 10_000),
        job: "缝制工".to_owned(),
        came_from: String::new(),
        returned_on: String::new(),
        not_before: 0,
        left_at: None,
        revision: 1,
        created_at: 0,
        updated_at: 0,
    };
    let people: Vec<Person> = (0..n).map(person).collect();
    insert_many(&mut tx, &people).await?;
    tx.commit().await
}
