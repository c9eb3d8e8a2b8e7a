//! What a service offers to programs, as an OpenAPI 3.1 document. An operation is told where its
//! route is declared, with the types that its handler takes and gives.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::usual::usual;

/// Where the document is served.
pub const DOCUMENT: &str = "/api/openapi.json";

/// Who may ask, as the document says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    Open,
    /// The session cookie of this service, with `Origin` at methods that change something.
    Session,
    /// A gate's signature over the request.
    Device,
}

/// One thing that can be asked for.
#[derive(Clone, Debug)]
pub struct Operation {
    id: &'static str,
    summary: &'static str,
    security: Security,
    parameters: Vec<Value>,
    headers: Vec<String>,
    named: BTreeMap<&'static str, (&'static str, Value)>,
    body: Option<Value>,
    answers: BTreeMap<u16, (String, Value)>,
    refuses: BTreeSet<u16>,
    schemas: Vec<(String, Value)>,
}

/// A value that serialises to JSON; schemas always do.
fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

impl Operation {
    /// `id` is stable and unique within the service; `summary` says what it is good for.
    pub fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            security: Security::Open,
            parameters: Vec::new(),
            headers: Vec::new(),
            named: BTreeMap::new(),
            body: None,
            answers: BTreeMap::new(),
            refuses: BTreeSet::new(),
            schemas: Vec::new(),
        }
    }

    #[must_use]
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        match security {
            Security::Open => self,
            Security::Session => self.refuses(&[401, 403]),
            Security::Device => self.refuses(&[401]),
        }
    }

    /// What a part of the path names.
    #[must_use]
    pub fn part(self, name: &'static str, what: &'static str) -> Self {
        self.part_like(name, what, json!({"type": "string"}))
    }

    /// The same with the schema of its text.
    #[must_use]
    pub fn part_like(mut self, name: &'static str, what: &'static str, schema: Value) -> Self {
        self.named.insert(name, (what, schema));
        self
    }

    /// The query, as its handler reads it.
    #[must_use]
    pub fn query<T: IntoParams>(mut self) -> Self {
        let found: Vec<Parameter> = T::into_params(|| Some(ParameterIn::Query));
        self.parameters.extend(found.iter().map(as_json));
        self.refuses(&[400])
    }

    /// A header that changes the answer.
    #[must_use]
    pub fn header(mut self, name: &'static str, what: &'static str) -> Self {
        self.headers.push(format!("Header `{name}`: {what}."));
        self
    }

    fn schema_of<T: ToSchema>(&mut self) -> Value {
        let mut found: Vec<(String, RefOr<Schema>)> = Vec::new();
        T::schemas(&mut found);
        self.schemas.extend(found.into_iter().map(|(name, schema)| (name, as_json(&schema))));
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), as_json(&<T as PartialSchema>::schema())));
        json!({"$ref": format!("#/components/schemas/{name}")})
    }

    /// A JSON body.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self) -> Self {
        let schema = self.schema_of::<T>();
        self.body = Some(json!({
            "required": true, "content": {"application/json": {"schema": schema}}
        }));
        self.refuses(&[400, 408, 413, 415, 422])
    }

    /// A body of another kind.
    #[must_use]
    pub fn takes_bytes(mut self, media: &[&'static str]) -> Self {
        let content: Map<String, Value> =
            media.iter().map(|media| ((*media).to_owned(), json!({}))).collect();
        self.body = Some(json!({"required": true, "content": content}));
        self.refuses(&[408, 413])
    }

    /// A JSON answer.
    #[must_use]
    pub fn gives<T: ToSchema>(mut self, status: u16, what: &str) -> Self {
        let schema = self.schema_of::<T>();
        let content = json!({"application/json": {"schema": schema}});
        self.answers.insert(status, (what.to_owned(), content));
        self
    }

    /// An answer of another kind; the document has no schema for bytes.
    #[must_use]
    pub fn gives_bytes(mut self, status: u16, media: &'static str, what: &str) -> Self {
        let (_, content) =
            self.answers.entry(status).or_insert_with(|| (what.to_owned(), json!({})));
        if let Some(content) = content.as_object_mut() {
            content.insert(media.to_owned(), json!({}));
        }
        self
    }

    /// An answer without a body.
    #[must_use]
    pub fn gives_nothing(mut self, status: u16, what: &str) -> Self {
        self.answers.insert(status, (what.to_owned(), json!({})));
        self
    }

    /// Problems beyond those that follow from security, query and body.
    #[must_use]
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refuses.extend(statuses);
        self
    }

    fn document(&self, method: &Method, path: &str) -> Value {
        let mut parameters = self.parameters.clone();
        for name in parts_of(path) {
            let text = || ("", json!({"type": "string"}));
            let (what, schema) = self.named.get(name).cloned().unwrap_or_else(text);
            parameters.push(json!({
                "name": name, "in": "path", "required": true, "description": what, "schema": schema
            }));
        }
        let mut responses = Map::new();
        for (status, (what, content)) in &self.answers {
            let mut answer = json!({"description": what});
            if let (Some(answer), Some(false)) =
                (answer.as_object_mut(), content.as_object().map(Map::is_empty))
            {
                answer.insert("content".into(), content.clone());
            }
            responses.insert(status.to_string(), answer);
        }
        // Every request may meet a wrong host, and a service that stops or has too much to do.
        let always = [421, 503];
        // A part of a path that is no text.
        let unreadable = if path.contains('{') { &[400][..] } else { &[] };
        for status in self.refuses.iter().chain(&always).chain(unreadable) {
            let (code, (_, title), _) = usual(*status);
            responses.entry(status.to_string()).or_insert_with(|| {
                json!({
                    "description": format!("{title} (usually `{code}`)"),
                    "content": {"application/problem+json": {
                        "schema": {"$ref": "#/components/schemas/Problem"}
                    }}
                })
            });
        }
        let mut operation = json!({
            "operationId": self.id, "summary": self.summary, "responses": responses,
        });
        if let Some(operation) = operation.as_object_mut() {
            if !parameters.is_empty() {
                operation.insert("parameters".into(), parameters.into());
            }
            if let Some(body) = self.body.as_ref().filter(|_| !method.is_safe()) {
                operation.insert("requestBody".into(), body.clone());
            }
            if !self.headers.is_empty() {
                operation.insert("description".into(), self.headers.join(" ").into());
            }
            let security = match self.security {
                Security::Open => json!([]),
                Security::Session => json!([{"session": []}]),
                Security::Device => json!([{"device": []}]),
            };
            operation.insert("security".into(), security);
        }
        operation
    }
}

/// The names in braces.
fn parts_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Why a request was not answered (RFC 9457). The real one is made by
/// [`Problem`](super::problem::Problem); members beyond these depend on the code.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its shape is used")]
struct ProblemBody {
    /// `urn:fugong:problem:` and the code.
    r#type: String,
    /// What happened, in the language asked for.
    title: String,
    status: u16,
    /// Stable, for programs.
    code: String,
    /// What to do next.
    #[schema(required = false)]
    detail: String,
    #[schema(required = false)]
    errors: Vec<FieldFault>,
    /// Finds the request in the log.
    #[schema(required = false)]
    request_id: String,
}

/// What is wrong with one field.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its shape is used")]
struct FieldFault {
    field: String,
    detail: String,
}

/// What the document says beside its operations.
#[derive(Clone, Copy, Debug)]
pub struct About {
    pub title: &'static str,
    pub description: &'static str,
    /// Name of the session cookie.
    pub cookie: &'static str,
}

/// The OpenAPI document of these operations.
pub fn document<'a>(
    about: About,
    told: impl IntoIterator<Item = (&'a Method, &'a str, &'a Operation)>,
) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    let mut problem = Operation::new("", "");
    problem.schema_of::<ProblemBody>();
    schemas.extend(problem.schemas);
    for (method, path, operation) in told {
        schemas.extend(operation.schemas.iter().cloned());
        let at = paths.entry(path).or_default();
        at.insert(method.as_str().to_ascii_lowercase(), operation.document(method, path));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "description": about.description,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {
                    "type": "apiKey", "in": "cookie", "name": about.cookie,
                    "description": "As the pages set it. Methods other than GET need the header \
                                    `Origin` with this service's own origin beside it.",
                },
                "device": {
                    "type": "apiKey", "in": "header", "name": "Authorization",
                    "description": "`Fugong-Device` and the signed claim of an enrolled gate.",
                },
            },
        },
    })
}

/// Routes for programs, each with its operation: there is no other way to add one.
#[derive(Debug)]
pub struct Api<S> {
    router: Router<S>,
    told: Vec<(Method, &'static str, Operation)>,
}

impl<S: Clone + Send + Sync + 'static> Default for Api<S> {
    fn default() -> Self {
        Self { router: Router::new(), told: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    #[must_use]
    pub fn add(
        mut self,
        method: Method,
        path: &'static str,
        handler: MethodRouter<S>,
        operation: Operation,
    ) -> Self {
        self.router = self.router.route(path, handler);
        self.told.push((method, path, operation));
        self
    }

    /// The routes, and the document that describes them and itself.
    pub fn finish(mut self, about: About) -> (Router<S>, Value) {
        self.told.push((Method::GET, DOCUMENT, own()));
        let told = self.told.iter().map(|(method, path, operation)| (method, *path, operation));
        let document = document(about, told);
        let text = document.to_string();
        let serve = move || {
            let text = text.clone();
            async move { ([(header::CONTENT_TYPE, "application/json")], text).into_response() }
        };
        (self.router.route(DOCUMENT, get(serve)), document)
    }
}

/// The operation of the document itself.
pub fn own() -> Operation {
    Operation::new("readDescription", "This document").gives_bytes(
        200,
        "application/json",
        "OpenAPI 3.1",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its shape is used")]
    struct Inner {
        n: i64,
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its shape is used")]
    struct Outer {
        inner: Inner,
        why: Option<String>,
    }

    #[test]
    fn a_document_names_everything_that_it_refers_to() {
        let api = Api::<()>::default().add(
            Method::POST,
            "/api/things/{id}/mend",
            axum::routing::post(async || ""),
            Operation::new("mendThing", "Mends a thing")
                .security(Security::Session)
                .part("id", "The thing")
                .takes::<Inner>()
                .gives::<Outer>(200, "Mended"),
        );
        let (_, document) = api.finish(About { title: "T", description: "", cookie: "c" });
        let operation = &document["paths"]["/api/things/{id}/mend"]["post"];
        let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
        assert_eq!(
            statuses,
            ["200", "400", "401", "403", "408", "413", "415", "421", "422", "503"]
        );
        assert_eq!(operation["parameters"][0]["name"], "id");
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1) {
            let name = name.split('"').next().unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
        }
        assert!(document["paths"][DOCUMENT]["get"].is_object());
    }
}
