//! Every endpoint as every role, from inside its reach, from outside and signed out, held against
//! the one authorisation table. The endpoints come from the routes' own declarations.

mod town;

use axum::http::Method;
use fugong_issuer::accounts::Role;
use fugong_issuer::authz::Access;
use fugong_issuer::web::{RouteLine, declare};
use tempfile::TempDir;

use self::town::{Copy, fixture, open_at};

fn name(line: &RouteLine) -> String {
    format!("{} {}", line.method, line.path)
}

/// Collects what is not as it should be, so that one run shows all of it.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "{} faults:\n{}", self.0.len(), self.0.join("\n"));
    }
}

async fn is_let_through(town: &Copy, role: Role, faults: &mut Faults) {
    let mut passed = 0;
    for line in town.routes() {
        let Access::Posts(roles) = line.action.access() else { continue };
        if !roles.contains(&role) {
            continue;
        }
        // Acts before may have ended what this one is about, but never hide it.
        let cookie = town.inside(role).await;
        let told = town.browse(&line, &cookie, true).await;
        // What only its maker sees, and what has nothing to compare with yet.
        let own = line.path.starts_with("/imports/{id}")
            || ["/inspections/scans/{id}", "/applications/{id}/compare"].contains(&line.path);
        // A place may hold many enterprises: its file is the offices', not theirs.
        let offices = role.is_of_enterprise() && line.path == "/premises/{id}";
        let hidden = told.status == 404 && !own && !offices;
        let fine = !matches!(told.status, 401 | 403 | 405 | 415) && told.status < 500 && !hidden;
        faults.unless(fine, || format!("{role:?} inside: {} → {told:?}", name(&line)));
        passed += 1;
    }
    assert!(passed > 10, "{role:?} may do {passed} things");
}

async fn is_kept_out(town: &Copy, role: Role, faults: &mut Faults) {
    let stranger = town.outside(role).await;
    let own = town.inside(role).await;
    let before = town.written().await;
    for line in town.routes() {
        let Access::Posts(roles) = line.action.access() else { continue };
        if !roles.contains(&role) {
            // Without the role, near or far is the same.
            for cookie in [&own, &stranger] {
                let told = town.browse(&line, cookie, true).await;
                faults.unless(told.status == 403 && told.code() == "forbidden", || {
                    format!("{role:?} has no right to {} → {told:?}", name(&line))
                });
            }
            continue;
        }
        // Templates and status lists are everybody's.
        let open = ["{subject}", "/gates/status-codes/"];
        if !line.path.contains('{') || open.iter().any(|part| line.path.contains(part)) {
            continue;
        }
        let real = town.browse(&line, &stranger, true).await;
        let made_up = town.browse(&line, &stranger, false).await;
        let (mut shown, mut made) = (real.body.clone(), made_up.body.clone());
        for text in [&mut shown, &mut made] {
            for line_path in [town.path(&line, true), town.path(&line, false)] {
                *text = text.replace(&line_path, "PATH");
            }
        }
        let same =
            (real.status, &real.location, &shown) == (made_up.status, &made_up.location, &made);
        let hidden = line.method != Method::GET || matches!(real.status, 404 | 410);
        faults.unless(same && hidden && real.status < 500, || {
            format!("{role:?} outside: {} → {real:?}\n  made up → {made_up:?}", name(&line))
        });
    }
    let after = town.written().await;
    faults.unless(before == after, || format!("{role:?} wrote: {before:?} → {after:?}"));
    // Lists from afar name nobody of the street.
    for line in town.routes() {
        let listed = matches!(line.action.access(), Access::Posts(roles) if roles.contains(&role));
        if listed && line.method == Method::GET && !line.path.contains('{') {
            let told = town.browse(&line, &stranger, true).await;
            // An enterprise's people are led to their own file.
            let fine = matches!(told.status, 200 | 303 | 404) && !told.body.contains("云锦服饰");
            faults.unless(fine, || {
                format!("{role:?} outside reads in {} → {}", name(&line), told.status)
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_lets_through_whom_the_table_names_and_hides_from_others_what_is_not_theirs()
{
    let fixture = fixture().await;
    let mut faults = Faults::default();
    for role in Role::ALL {
        is_kept_out(&fixture.copy(&format!("out-{}", role.code())).await, *role, &mut faults).await;
        is_let_through(&fixture.copy(&format!("in-{}", role.code())).await, *role, &mut faults)
            .await;
    }
    faults.none();
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_out_every_endpoint_asks_for_a_session_unless_the_table_says_public() {
    let fixture = fixture().await;
    let town = fixture.copy("signed-out").await;
    let before = town.written().await;
    let mut faults = Faults::default();
    let mut seen = 0;
    for line in town.routes() {
        let told = town.browse(&line, "", true).await;
        let is_api = line.path.starts_with("/api/");
        let fine = match line.action.access() {
            // These two precede a signature; what they answer is their own.
            Access::Device if line.path.ends_with("/nonce") => told.status == 200,
            Access::Device if line.path.ends_with("/enrol") => told.status == 422,
            Access::Device => told.status == 401 && told.code() == "device_signature",
            Access::Public => told.status != 401 && told.status < 500,
            _ if line.method == Method::GET && !is_api => {
                told.status == 303 && told.location.starts_with("/sign-in?to=")
            }
            _ => told.status == 401,
        };
        faults.unless(fine, || format!("signed out: {} → {told:?}", name(&line)));
        seen += 1;
    }
    assert!(seen > 120, "{seen} routes");
    // Public forms may write what they are for; nothing else does.
    let is_public = |table: &str| table.contains("report") || table.contains("secret");
    let strip = |of: Vec<(String, i64)>| -> Vec<_> {
        of.into_iter().filter(|(table, _)| !is_public(table)).collect()
    };
    let after = strip(town.written().await);
    faults.unless(strip(before) == after, || format!("somebody signed out wrote: {after:?}"));
    faults.none();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_unsafe_request_is_taken_without_the_exact_origin() {
    let fixture = fixture().await;
    let town = fixture.copy("origins").await;
    let administrator = town.inside(Role::Administrator).await;
    let before = town.written().await;
    let foreign: [&[(&str, &str)]; 7] = [
        &[],
        &[("origin", "null")],
        &[("origin", "https://127.0.0.1:8080")],
        &[("origin", "http://127.0.0.1:8081")],
        &[("origin", "http://127.0.0.1:8080.evil.example")],
        &[("origin", "http://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-site")],
    ];
    let mut faults = Faults::default();
    let mut tried = 0;
    for line in town.routes() {
        if line.method == Method::GET || line.action.access() == Access::Device {
            continue;
        }
        for origin in foreign {
            let path = town.path(&line, true);
            let told = town.ask(&line.method, &path, &administrator, origin).await;
            faults.unless(told.status == 403 && told.code() == "cross_origin", || {
                format!("{} with {origin:?} → {told:?}", name(&line))
            });
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried} tries");
    assert_eq!(before, town.written().await, "nothing was written");
    faults.none();
}

#[tokio::test]
async fn every_route_for_programs_is_described_and_every_description_has_a_route() {
    let dir = TempDir::new().unwrap();
    let app = open_at(dir.path()).await;
    let routes = declare(&app);
    let document = routes.describe();
    let mut told: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            told.push(format!("{} {path}", method.to_ascii_uppercase()));
        }
    }
    let mut declared: Vec<String> =
        routes.table().iter().filter(|line| line.path.starts_with("/api/")).map(name).collect();
    told.sort();
    declared.sort();
    assert_eq!(told, declared);
    let ids: std::collections::BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), told.len(), "each operation has a name of its own");
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
}
